import { BASE62, encodeInteger } from './alphabet.ts'

const TABLE = /* @__PURE__ */ createTable()

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
    crc = (crc >>> 8) ^ Number(TABLE[(crc ^ text.charCodeAt(index)) & 255])
  }
  return ~crc >>> 0
}

export function checksumOf(text: string): string {
  return encodeInteger(BigInt(crc32(text)), BASE62, 6)
}

function createTable(): Uint32Array {
  return new Uint32Array(256).map((_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
    return crc
  })
}
