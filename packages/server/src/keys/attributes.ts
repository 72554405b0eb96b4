import type { CreateKey, UpdateKey } from '@keysmith/contract'
import { isReserved } from '../access/permissions.ts'
import { invalidField } from '../errors.ts'
import { normalizeRange } from './address-list.ts'
import { readTime } from './expiry.ts'
import type { Key } from './key.ts'
import { refuseSecrets } from './refuse-secrets.ts'

const MAX_METADATA_BYTES = 4096

type Attributes = Pick<
  Key,
  | 'name'
  | 'owner'
  | 'description'
  | 'permissions'
  | 'allowedModels'
  | 'ipAllowlist'
  | 'rateLimits'
  | 'quotas'
  | 'policyIds'
  | 'metadata'
  | 'tags'
  | 'notBefore'
  | 'rotation'
  | 'managedBy'
  | 'deletionProtection'
>

/** The attributes that a body sets, checked and in their stored form. Absent ones stay absent. */
export function readAttributes(body: CreateKey | UpdateKey): Partial<Attributes> {
  refuseSecrets(body)
  const { name, owner, description, allowedModels, rateLimits, quotas, policyIds } = body
  const { rotation, managedBy, deletionProtection } = body
  return given({
    name,
    owner,
    description,
    permissions: readPermissions(body.permissions),
    allowedModels,
    ipAllowlist: readRanges(body.ipAllowlist),
    rateLimits,
    quotas,
    policyIds,
    metadata: readLabels('metadata', body.metadata),
    tags: readLabels('tags', body.tags),
    notBefore:
      typeof body.notBefore === 'string' ? readTime('notBefore', body.notBefore) : body.notBefore,
    rotation,
    managedBy,
    deletionProtection,
  })
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

/** Only the fields that a body names: to leave one out and to set it to null are two things. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const named = Object.entries(fields).filter(([, value]) => value !== undefined)
  // What was filtered away is all that the type takes away.
  return Object.fromEntries(named) as Given<Fields>
}

/** The permissions that a body sets for keys, checked. */
export function readPermissions(permissions: string[] | undefined): string[] | undefined {
  const reserved = permissions?.findIndex(isReserved) ?? -1
  if (reserved >= 0) {
    throw invalidField(
      `permissions/${reserved}`,
      'this prefix is a right on the management API, which keys cannot hold; use a management token',
    )
  }
  return permissions
}

/** The ranges that a body sets, in their normal form. */
export function readRanges(ranges: string[] | null | undefined): string[] | null | undefined {
  return (
    ranges?.map((range, index) => {
      const normal = normalizeRange(range)
      if (normal === null) {
        throw invalidField(
          `ipAllowlist/${index}`,
          'give an address or a CIDR range such as 203.0.113.0/24 or 2001:db8::/48',
        )
      }
      return normal
    }) ?? (ranges === null ? null : undefined)
  )
}

function readLabels(
  field: string,
  labels: Record<string, string> | undefined,
): Record<string, string> | undefined {
  if (labels && Buffer.byteLength(JSON.stringify(labels)) > MAX_METADATA_BYTES) {
    throw invalidField(
      field,
      'at most 4 KiB as JSON; keep larger things elsewhere and store their id',
    )
  }
  return labels
}
