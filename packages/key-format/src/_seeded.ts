/** Reproducible bytes for tests, by the mulberry32 generator. */
export function seededBytes(seed: number): (bytes: number) => Uint8Array {
  const next = seededIntegers(seed)
  return (bytes) => Uint8Array.from({ length: bytes }, () => next() & 255)
}

/** Reproducible unsigned 32-bit integers for tests, by the mulberry32 generator. */
export function seededIntegers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
