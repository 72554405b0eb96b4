import type { Question, Verdict } from '../verdict.ts'
import type { KeyOptions, PresentedKey } from './options.ts'
import type { Presented } from './presented-secret.ts'
import { type Refusal, refuseUnread, refuseVerdict, unavailable } from './refusal.ts'

export type ValidVerdict = Extract<Verdict, { valid: true }>

/**
 * Lets a request through on `valid: true` alone. Never rejects: whatever goes wrong on the way to a
 * verdict is a refusal.
 */
export async function check(
  { client, logger }: Pick<KeyOptions, 'client' | 'logger'>,
  presented: Presented,
  ask: () => Promise<Question>,
): Promise<ValidVerdict | Refusal> {
  if (typeof presented === 'string') return refuseUnread(presented)
  try {
    const verdict = await client.verify(presented.secret, await ask())
    return verdict.valid === true ? verdict : refuseVerdict(verdict)
  } catch (error) {
    // No message: one of another library may quote the request.
    const { name, code, status, requestId } = Object(error)
    const reason = typeof code === 'string' ? code : name
    logger?.warn({ reason, status, requestId }, 'an API key could not be checked')
    return unavailable()
  }
}

export function presentKey({ key }: ValidVerdict): PresentedKey {
  const { id, name, owner, project, environment, permissions, metadata, expiresAt } = key
  return { id, name, owner, project, environment, permissions, metadata, expiresAt }
}
