import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'

/** OWASP's first choice for Argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { m: 19_456, t: 2, p: 1 }
const SALT_BYTES = 16
const PHC_PREFIX = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)$/

/** Argon2id with a new salt: 32 bytes, and the PHC prefix that says how they were made. */
export async function slowDigest(input: Uint8Array): Promise<{ digest: Buffer; kdf: string }> {
  const { m, t, p } = PARAMETERS
  const salt = randomBytes(SALT_BYTES).toString('base64').replaceAll('=', '')
  const kdf = `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}`
  return { kdf, digest: await argon2id(kdf, input) }
}

/** Was the stored digest made of this input? Compared in constant time. */
export async function matchesSlowDigest(
  stored: { digest: Uint8Array; kdf: string },
  input: Uint8Array,
): Promise<boolean> {
  return timingSafeEqual(await argon2id(stored.kdf, input), stored.digest)
}

async function argon2id(kdf: string, input: Uint8Array): Promise<Buffer> {
  const [, m, t, p, salt] = PHC_PREFIX.exec(kdf) ?? []
  if (salt === undefined) throw new Error('a stored digest names no parameters of Argon2id')
  return hashRaw(input, {
    // Argon2id and version 1.3: the enums of the library exist only in its types.
    algorithm: 2,
    version: 1,
    memoryCost: Number(m),
    timeCost: Number(t),
    parallelism: Number(p),
    outputLen: 32,
    salt: Buffer.from(salt, 'base64'),
  })
}
