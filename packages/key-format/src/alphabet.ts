/** Crockford's base32 in lower case: no `i`, `l`, `o` or `u`. */
export const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'

/** Value order is ASCII order, so texts of equal width compare like the integers they stand for. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function encodeBytes(bytes: Uint8Array, alphabet: string, width: number): string {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return encodeInteger(value, alphabet, width)
}

export function encodeInteger(value: bigint, alphabet: string, width: number): string {
  const base = BigInt(alphabet.length)
  let text = ''
  for (let rest = value; text.length < width; rest /= base) {
    text = alphabet.charAt(Number(rest % base)) + text
  }
  return text
}
