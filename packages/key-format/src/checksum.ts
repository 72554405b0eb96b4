import { BASE62, encode } from './alphabet.ts'

/**
 * CRC-32/ISO-HDLC (the one of zip, PNG and Ethernet) of an ASCII text, as an unsigned 32-bit integer.
 * `crc32('123456789')` is `0xcbf43926`.
 *
 * Secrets are ASCII, so one character is one byte here. A text with other characters gets a number
 * without a meaning.
 */
export function crc32(text: string): number {
  let crc = -1
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return ~crc >>> 0
}

export function checksumOf(text: string): string {
  return encode(BigInt(crc32(text)), BASE62, 6)
}
