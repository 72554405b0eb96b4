import type { Policy } from '@keysmith/client'
import { formatSpan } from '../duration.ts'
import { formatQuotas, formatRateLimits } from '../limits.ts'
import { formatList, printFacts, printTable } from '../table.ts'
import { formatTime, formatTimeShort } from '../time.ts'

export function showPolicies(policies: readonly Policy[]): void {
  const rows = policies.map((policy) => [
    policy.id,
    policy.name,
    String(policy.keys),
    formatTimeShort(policy.createdAt, ''),
    formatList(policy.permissions, 'none'),
    [formatRateLimits(policy.rateLimits), formatQuotas(policy.quotas)].filter(Boolean).join(' '),
  ])
  printTable(rows, ['ID', 'NAME', 'KEYS', 'CREATED', 'PERMISSIONS', 'LIMITS'])
}

/** All that a policy sets. */
export function showPolicy(policy: Policy): void {
  const { maxLifetimeSeconds: lifetime } = policy
  printFacts({
    id: policy.id,
    name: policy.name,
    project: policy.project,
    description: policy.description,
    permissions: formatList(policy.permissions, 'none'),
    models: policy.allowedModels && formatList(policy.allowedModels, 'none'),
    addresses: policy.ipAllowlist && formatList(policy.ipAllowlist, 'none'),
    'rate limits': formatRateLimits(policy.rateLimits),
    quotas: formatQuotas(policy.quotas),
    'max lifetime': lifetime === null ? null : formatSpan(lifetime),
    keys: String(policy.keys),
    created: formatTime(policy.createdAt, ''),
  })
}
