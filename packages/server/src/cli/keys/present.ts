import type { Key } from '@keysmith/client'
import { formatSpan } from '../duration.ts'
import { toneOf } from '../style.ts'
import { formatList, printFacts, printTable } from '../table.ts'
import { formatTime, formatTimeShort } from '../time.ts'
import { formatQuotas, formatRateLimits, formatUsed } from './present-limits.ts'

export function showKeys(keys: readonly Key[]): void {
  const rows = keys.map((key) => [
    key.id,
    key.name,
    { text: key.status, tone: toneOf(key.status) },
    key.environment,
    key.owner ?? '-',
    formatTimeShort(key.expiresAt, 'never'),
    formatTimeShort(key.lastUsedAt, 'never'),
    key.effective.quotas.map(formatUsed).join('; ') || '-',
    formatList(key.permissions, 'none'),
  ])
  const titles = ['ID', 'NAME', 'STATUS', 'ENV', 'OWNER', 'EXPIRES', 'LAST USED']
  printTable(rows, [...titles, 'QUOTAS', 'PERMISSIONS'])
}

/** All that is known of a key, but for what is not set. */
export function showKey(key: Key): void {
  printFacts({
    id: key.id,
    name: key.name,
    status: { text: key.status, tone: toneOf(key.status) },
    environment: key.environment,
    project: key.project,
    owner: key.owner,
    description: key.description,
    permissions: formatList(key.permissions, 'none'),
    models: key.allowedModels && formatList(key.allowedModels, 'none'),
    addresses: key.ipAllowlist && formatList(key.ipAllowlist, 'none'),
    'rate limits': formatRateLimits(key.effective),
    quotas: formatQuotas(key.effective),
    policies: key.policyIds.join(' ') || null,
    metadata: formatPairs(key.metadata),
    tags: formatPairs(key.tags),
    'not before': key.notBefore && formatTime(key.notBefore, ''),
    expires: formatTime(key.expiresAt, 'never'),
    'last used': formatTime(key.lastUsedAt, 'never'),
    rotation: key.rotation && formatRotation(key.rotation, key.rotationDue),
    secrets: key.secrets.map(formatSecret).join('; '),
    protection: key.deletionProtection ? 'on' : null,
    'managed by': key.managedBy,
    revoked: key.revoked && `${formatTime(key.revoked.at, '')} ${key.revoked.reason ?? ''}`.trim(),
    created: formatTime(key.createdAt, ''),
  })
}

function formatPairs(pairs: Readonly<Record<string, string>>): string | null {
  const texts = Object.entries(pairs).map(([name, value]) => `${name}=${value}`)
  return texts.length === 0 ? null : texts.join(' ')
}

function formatRotation(
  { everySeconds, overlapSeconds }: NonNullable<Key['rotation']>,
  isDue: boolean,
): string {
  const every = everySeconds === null ? 'on demand' : `every ${formatSpan(everySeconds)}`
  return `${every}, overlap ${formatSpan(overlapSeconds)}${isDue ? ', due' : ''}`
}

function formatSecret({ version, endsAt, mintedBy }: Key['secrets'][number]): string {
  const end = endsAt === null ? '' : `, ends ${formatTime(endsAt, '')}`
  return `version ${version}, minted by ${mintedBy}${end}`
}
