/** The middle of several rounds, and the range without the outermost tenth on each side. */
export interface Spread {
  median: number
  low: number
  high: number
}

export type Times<Name extends string> = Record<Name, number>

/**
 * Takes the time of each variant once per round, each round in another order, so that what disturbs the machine
 * disturbs all of them. A variant gives its own time.
 */
export async function interleave<Name extends string>(
  rounds: number,
  variants: Record<Name, () => Promise<number>>,
): Promise<Times<Name>[]> {
  const names = Object.keys(variants) as Name[]
  const all: Times<Name>[] = []
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    const order = [...names.slice(first), ...names.slice(0, first)]
    const times: Partial<Times<Name>> = {}
    for (const name of order) times[name] = await variants[name]()
    all.push(times as Times<Name>)
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
