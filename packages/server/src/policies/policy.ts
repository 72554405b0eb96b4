import type { Quota, RateLimit } from '@keysmith/contract'

/** Permissions and limits for many keys of a project. Times are epoch ms. */
export interface Policy {
  id: string
  projectId: string
  name: string
  description: string | null
  permissions: string[]
  /** null = says nothing about models, [] = allows none. */
  allowedModels: string[] | null
  ipAllowlist: string[] | null
  rateLimits: Record<string, RateLimit>
  quotas: Record<string, Quota>
  maxLifetimeSeconds: number | null
  createdAt: number
  createdBy: string
  updatedAt: number
  /** Rises with every change of the record; the ETag. */
  revision: number
}
