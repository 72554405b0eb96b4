import { InvalidArgumentError } from 'commander'

/** Reads an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** The same, with words that stand for the whole list and so stand alone, such as `none`. */
export function collectOr(...words: string[]) {
  return (text: string, before: readonly string[] = []): string[] => {
    const values = collect(text, before)
    if (values.length === 1 || !values.some((value) => words.includes(value))) return values
    throw new InvalidArgumentError(`Give ${words.join(' or ')} alone.`)
  }
}

/** Reads `name=value`, several times; `none` is no value at all. */
export function collectPairs(
  text: string,
  before?: Readonly<Record<string, string>>,
): Record<string, string> {
  if (text === 'none' && before === undefined) return {}
  const isEmptied = before !== undefined && Object.keys(before).length === 0
  if (text === 'none' || isEmptied) throw new InvalidArgumentError('Give none alone.')
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('Give name=value.')
  }
  return { ...before, [name]: value }
}
