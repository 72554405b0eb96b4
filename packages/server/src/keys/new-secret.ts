import { generateKey } from '@keysmith/key-format'
import type { Deps } from './deps.ts'
import type { Environment, StoredSecret } from './key.ts'
import { digestSecret, secretSha256 } from './secret-digest.ts'

export interface NewSecret {
  stored: StoredSecret
  /** The secret to show once; null when the caller minted it and only its SHA-256 came. */
  secret: string | null
}

/**
 * A secret for the key of this id: minted here, or registered by the SHA-256 that the caller sent. Its
 * version is the time in ms, raised above the version before it.
 */
export function newSecret(
  { peppers }: Pick<Deps, 'peppers'>,
  options: {
    id: string
    brand: string
    kind: Environment | 'root'
    secretSha256: string | undefined
    afterVersion: number
    now: number
  },
): NewSecret {
  const { id, brand, kind, now } = options
  const secret = options.secretSha256 ? null : generateKey({ brand, kind, id }).secret
  const sha256 = secret === null ? (options.secretSha256 ?? '') : secretSha256(secret)
  return {
    secret,
    stored: {
      ...digestSecret(peppers, sha256),
      version: Math.max(now, options.afterVersion + 1),
      mintedBy: secret === null ? 'client' : 'server',
      createdAt: now,
    },
  }
}
