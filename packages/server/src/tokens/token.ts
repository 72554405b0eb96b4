/** The record of a management token, without its digest. Times are epoch ms. */
export interface Token {
  id: string
  name: string
  permissions: string[]
  /** The only project it may touch; null = all. */
  projectId: string | null
  createdAt: number
  createdBy: string
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
}
