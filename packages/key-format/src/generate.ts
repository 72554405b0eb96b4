import { check, encodeId, isBrand, joinKey, type KeyKind } from './format.ts'

/**
 * Mints a secret with 256 random bits from the platform's generator. The random bits exist in the
 * returned secret only: whoever loses it cannot get it back.
 *
 * A rotation passes the `id` of the key: the public part stays, the random part is new.
 * `random` answers with the given number of bytes and is for tests only.
 *
 * @throws RangeError when the brand is not a project's brand, or the kind or id is outside the
 * grammar. The message never contains the random part.
 */
export function generateKey({
  brand,
  kind,
  random = randomBytes,
  id = generateId(random),
}: {
  brand: string
  kind: KeyKind
  id?: string
  random?: (bytes: number) => Uint8Array
}): { id: string; secret: string } {
  check(isBrand(brand))
  return { id, secret: joinKey(brand, kind, id, random(32)) }
}

/**
 * Makes an identifier of 80 random bits in the width and alphabet of a key's id: 16 lower-case
 * characters, safe in URLs, file names and Terraform addresses. Also for other resources than keys.
 *
 * `random` answers with the given number of bytes and is for tests only.
 */
export function generateId(random: (bytes: number) => Uint8Array = randomBytes): string {
  return encodeId(random(10))
}

function randomBytes(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes))
}
