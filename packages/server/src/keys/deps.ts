import type { Limiter } from '../limits/limiter.ts'
import type { UsageCounts } from '../limits/usage-counts.ts'
import type { KeyStore } from '../store/key-store.ts'
import type { ImportedKeys } from './imported-keys.ts'
import type { Project } from './key.ts'
import type { LastUsed } from './last-used.ts'
import type { Peppers } from './pepper.ts'
import type { RowCache } from './row-cache.ts'

/** What a verification needs. */
export interface VerifyDeps {
  store: KeyStore
  peppers: Peppers
  rowCache: RowCache
  lastUsed: LastUsed
  limiter: Limiter
  usage: UsageCounts
  imported: ImportedKeys
  now: () => number
}

/** Bounds that the installation sets on every key. */
export interface KeyRules {
  /** Brand of new projects, management tokens and setup links. */
  brand: string
  /** Longest lifetime in days; null = unlimited. */
  maxDays: number | null
  /** Lifetime of a key that names none; null = it never expires. */
  defaultDays: number | null
  /** Lists that new projects start with. */
  newProject: Pick<Project, 'models' | 'specialPermissions'>
  /** Longest lease of a verdict in ms; 0 = none. */
  maxLeaseMs: number
}

/** What the rules of keys, tokens and projects need. */
export interface Deps extends VerifyDeps {
  rules: KeyRules
}
