/** Who is calling. Rights come from the credential alone. */
export interface Principal {
  /** A management token, or a command on the machine itself (over the control socket). */
  kind: 'token' | 'local'
  id: string
  name: string
  permissions: readonly string[]
  /** The only project it may touch; null = all. */
  projectId: string | null
  /** Epoch ms; null = never. */
  expiresAt: number | null
}
