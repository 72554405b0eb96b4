/** 128 random bits. `crypto.randomUUID` is missing on pages that came over plain http. */
export function randomKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
