/**
 * SHA-256 in lower-case hex. Works where `crypto.subtle` does: everywhere but on pages that came over
 * plain http from another machine.
 */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const bytes = new Uint8Array(digest)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
