import type { Question, Verdict } from '../verdict.ts'
import { describeFailure } from './failure.ts'
import type { Hold } from './hold.ts'
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
    logger?.warn(describeFailure(error), 'an API key could not be checked')
    return unavailable()
  }
}

/** Logs and copies show the facts alone: the methods are in the prototype. */
export function presentKey({ key, remaining }: ValidVerdict, { methods }: Hold): PresentedKey {
  const { id, name, owner, project, environment, permissions, metadata, expiresAt } = key
  const facts = { id, name, owner, project, environment, permissions, metadata, expiresAt }
  return Object.assign(Object.create(methods), facts, remaining && { remaining })
}
