import { createReadStream } from 'node:fs'
import { EXIT, StartRefused } from '../../exit.ts'

/** One entry of the input: a text, or what JSON it was. */
export interface InputLine {
  line: number
  value: unknown
}

/** The lines of a file, or of standard input for `-`, but for those without a text. */
export async function* readTextLines(file: string): AsyncGenerator<{ line: number; text: string }> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let line = 0
  try {
    for await (const ended of splitLines(input.setEncoding('utf8'))) {
      line += 1
      const text = ended.replace(/\r$/, '')
      if (text.trim() !== '') yield { line, text: line === 1 ? text.replace(/^\ufeff/, '') : text }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const exitCode = code === 'ENOENT' ? EXIT.notFound : EXIT.failed
    throw new StartRefused(exitCode, `${file} cannot be read (${code}).`, { cause: error })
  }
}

/** At line feeds only: `node:readline` also splits at U+2028 and U+2029, which JSON may hold as they are. */
async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest: string[] = []
  for await (const piece of pieces) {
    const [first = '', ...others] = piece.split('\n')
    rest.push(first)
    const last = others.pop()
    if (last === undefined) continue
    yield rest.join('')
    yield* others
    rest = [last]
  }
  yield rest.join('')
}

/** Hashes, lines of JSON, or one JSON array: its first character tells. An array is held in memory. */
export async function* readRecords(file: string): AsyncGenerator<InputLine> {
  const array: string[] = []
  let isFirst = true
  for await (const { line, text } of readTextLines(file)) {
    if (array.length > 0 || (isFirst && text.trimStart().startsWith('['))) array.push(text)
    else yield { line, value: text.trimStart().startsWith('{') ? parse(text) : text.trim() }
    isFirst = false
  }
  if (array.length > 0) yield* readArray(array.join('\n'))
}

/** Entries of an array are numbered from 1, like lines. */
function* readArray(text: string): Generator<InputLine> {
  const values = parse(text)
  if (!Array.isArray(values)) {
    throw new StartRefused(EXIT.failed, 'The input begins like a JSON array and is none.')
  }
  for (const [index, value] of values.entries()) yield { line: index + 1, value }
}

/** Undefined for what is no JSON. The error of the parser would quote the text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
