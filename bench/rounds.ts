/** The middle of several rounds, and the range without the outermost tenth on each side. */
export interface Spread {
  median: number
  low: number
  high: number
}

/**
 * Takes each variant once per round, each round in another order, so that what disturbs the machine disturbs all
 * of them. A variant gives its own time, or whatever it measures.
 */
export async function interleave<Name extends string, Measured = number>(
  rounds: number,
  variants: Record<Name, () => Promise<Measured>>,
): Promise<Record<Name, Measured>[]> {
  const names = Object.keys(variants) as Name[]
  const all: Record<Name, Measured>[] = []
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    const order = [...names.slice(first), ...names.slice(0, first)]
    const measured: Partial<Record<Name, Measured>> = {}
    for (const name of order) measured[name] = await variants[name]()
    all.push(measured as Record<Name, Measured>)
  }
  return all
}

export function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return { median: at(0.5), low: at(0.1), high: at(0.9) }
}

export function median(values: number[]): number {
  return spreadOf(values).median
}
