import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { EXIT, StartRefused } from '../../exit.ts'

/** One entry of the input: a text, or what JSON it was. */
export interface InputLine {
  line: number
  value: unknown
}

/** The lines of a file, or of standard input for `-`. */
export async function* readTextLines(file: string): AsyncGenerator<{ line: number; text: string }> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let line = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1
      if (text.trim() !== '') yield { line, text: line === 1 ? text.replace(/^\ufeff/, '') : text }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const exitCode = code === 'ENOENT' ? EXIT.notFound : EXIT.failed
    throw new StartRefused(exitCode, `${file} cannot be read (${code}).`, { cause: error })
  }
}

/** Hashes, lines of JSON, or one JSON array: its first character tells. An array is held in memory. */
export async function* readRecords(file: string): AsyncGenerator<InputLine> {
  const array: string[] = []
  for await (const { line, text } of readTextLines(file)) {
    if (array.length > 0 || (text.trimStart().startsWith('[') && line === 1)) array.push(text)
    else yield { line, value: text.trimStart().startsWith('{') ? parse(text) : text.trim() }
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
