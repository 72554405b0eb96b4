/**
 * A SHA-256 as lower-case hex, read from hex, base64 or base64url, with or without padding; null for
 * what is none.
 */
export function readSha256(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  const bare = text.replace(/=$/, '').replaceAll('+', '-').replaceAll('/', '_')
  const bytes = Buffer.from(bare, 'base64url')
  // Decoding is lenient; only what is written again alike was one.
  return bytes.length === 32 && bytes.toString('base64url') === bare ? bytes.toString('hex') : null
}
