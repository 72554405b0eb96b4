import { generateKey } from '@keysmith/key-format'
import type { Api } from './api.ts'
import type { RequestOptions } from './options.ts'
import { sha256Hex } from './sha256.ts'
import type { Key, Meta } from './types.gen.ts'

/** A secret that was made in this process, and what the service is told of it. */
export interface Minted {
  secret: string
  /** What is sent: the secret itself never travels. */
  registration: { id: string; secretSha256: string }
}

/**
 * Makes a secret with 256 random bits in this process. `id` is that of the key at a rotation; left out,
 * a new one is made.
 */
export async function mintSecret(parts: {
  brand: string
  environment: Key['environment']
  id?: string
}): Promise<Minted> {
  const { brand, environment, ...known } = parts
  const { id, secret } = generateKey({ brand, kind: environment, ...known })
  return { secret, registration: { id, secretSha256: await sha256Hex(secret) } }
}

/** The brand of the secrets that a project issues now. */
export async function brandOf(
  api: Api,
  project: string | undefined,
  options: RequestOptions | undefined,
): Promise<string> {
  const query = { project }
  const { signal, timeoutMs, maxRetries } = options ?? {}
  const { data } = await api<Meta>({
    method: 'GET',
    route: '/v1/meta',
    query,
    options: { signal, timeoutMs, maxRetries },
  })
  return data.brand
}
