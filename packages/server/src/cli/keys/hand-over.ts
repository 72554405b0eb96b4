import type { KeyWithSecret } from '@keysmith/client'
import { type HandoverOptions, handOver } from '../hand-over.ts'

/** Creates or rotates a key and hands over its secret. */
export function handOverKey(
  options: HandoverOptions,
  make: () => Promise<KeyWithSecret>,
): Promise<void> {
  return handOver(options, async () => {
    const { key, secret } = await make()
    const older = key.secrets.slice(1).map(({ endsAt }) => `before   works until ${endsAt}`)
    return {
      secret,
      words: { secret: 'secret', owner: `key ${key.id}` },
      record: { key },
      facts: [`id       ${key.id}   ${key.name}`, `expires  ${key.expiresAt ?? 'never'}`, ...older],
    }
  })
}
