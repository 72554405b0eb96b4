/**
 * Digits, capitals and small letters of ASCII. Value order is ASCII order, so texts of equal width
 * compare like the integers they stand for.
 */
export const BASE62 = String.fromCharCode(...Array(123).keys()).replace(/[^0-9A-Za-z]/g, '')

/** Writes an integer with a fixed number of digits, padded on the left with the digit of value 0. */
export function encode(integer: bigint, alphabet: string, width: number): string {
  const base = BigInt(alphabet.length)
  return width ? encode(integer / base, alphabet, width - 1) + alphabet[Number(integer % base)] : ''
}
