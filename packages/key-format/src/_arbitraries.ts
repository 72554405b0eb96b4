import fc from 'fast-check'
import { formatKey } from './index.ts'

/** Secrets of random bytes, of every brand and kind that the grammar allows. */
export const secrets = fc
  .record({
    brand: fc.stringMatching(/^[a-z][a-z0-9]{1,11}$/),
    kind: fc.stringMatching(/^[a-z][a-z0-9]{1,7}$/),
    id: fc.uint8Array({ minLength: 10, maxLength: 10 }),
    random: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  })
  .map((parts) => ({ ...parts, secret: formatKey(parts) }))
