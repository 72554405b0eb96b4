import { type Command, InvalidArgumentError, Option } from 'commander'
import { EXIT, StartRefused } from '../../exit.ts'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readProject } from '../ids.ts'
import { type Converted, convert, readEntry, SOURCES, type Source } from '../import/convert.ts'
import { readRecords, readTextLines } from '../import/read-lines.ts'
import { Remarks } from '../import/remarks.ts'
import { type ReportLine, refusalOf, sendLines } from '../import/send.ts'
import { fromString } from '../import/strings.ts'
import { printJson, printLine } from '../print.ts'
import { addFieldOptions, type FieldOptions, readFields, readRotation } from './fields.ts'

interface Options extends FieldOptions {
  hashes?: string
  stdin?: true
  from?: Source
  entropyBits?: number
  project?: string
  dryRun?: true
  json?: true
}

/** With `--dry-run`: a line that would be sent. */
interface ReadableLine {
  line: number
  outcome: 'readable'
  name: string
}

type Lines = readonly (ReportLine | ReadableLine)[]

const OUTCOMES = ['imported', 'existing', 'refused']

export function defineKeyImport(command: Command): void {
  command
    .description('take over keys that were issued elsewhere, by the SHA-256 of their strings')
    .option('--hashes <file>', 'hashes, lines of JSON or a JSON array; - for standard input')
    .addOption(new Option('--stdin', 'plain strings, one a line; hashed here').conflicts('hashes'))
    .addOption(
      new Option('--from <system>', 'where they come from; default: by their columns').choices(
        SOURCES,
      ),
    )
    .option(
      '--entropy-bits <number>',
      'random bits each string has, as its issuer attests',
      readBits,
    )
    .option('--project <project>', 'id or name; default: KEYSMITH_PROJECT', readProject)
    .option('--dry-run', 'read everything, send nothing')
  addFieldOptions(command)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nThe options of a key are for lines that do not say it themselves.')
    .action(importKeys)
}

async function importKeys({ project, dryRun, json, ...options }: Options) {
  const remarks = new Remarks()
  const lines = remarks.watch(readLines(options))
  const target = defined({ project, entropyBits: options.entropyBits })
  const outcomes = dryRun
    ? await tryOut(lines)
    : await withClient((client) => sendLines(client, lines, target))
  remarks.warn()
  const counts = count(outcomes, dryRun ? ['readable', 'refused'] : OUTCOMES)
  if (json) printJson({ ...counts, lines: outcomes })
  else show(outcomes, counts)
  if (counts.refused) process.exitCode = EXIT.failed
}

async function* readLines(options: Options): AsyncGenerator<Converted> {
  const { hashes, stdin, from, entropyBits = 0 } = options
  const defaults = { ...readFields(options), ...readRotation(options, null) }
  if (stdin) {
    requirePipe()
    for await (const { line, text } of readTextLines('-')) {
      yield convert(line, () => fromString(text, entropyBits), defaults)
    }
    return
  }
  if (hashes === undefined) {
    throw new StartRefused(EXIT.usage, 'Name --hashes or --stdin. See keysmith key import --help.')
  }
  for await (const { line, value } of readRecords(hashes)) {
    yield convert(line, () => readEntry(value, from), defaults)
  }
}

function requirePipe(): void {
  if (!process.stdin.isTTY) return
  throw new StartRefused(EXIT.usage, 'Pipe the strings in: a terminal would show them.')
}

/** What an import would refuse before it sends anything. */
async function tryOut(lines: AsyncIterable<Converted>): Promise<Lines> {
  const outcomes: (ReportLine | ReadableLine)[] = []
  for await (const line of lines) {
    if ('refused' in line) outcomes.push(...refusalOf(line))
    else outcomes.push({ line: line.line, outcome: 'readable', name: line.body.name })
  }
  return outcomes
}

function count(lines: Lines, outcomes: readonly string[]): Record<string, number> {
  const of = (wanted: string) => lines.filter(({ outcome }) => outcome === wanted).length
  return Object.fromEntries(outcomes.map((outcome) => [outcome, of(outcome)]))
}

function show(lines: Lines, counts: Record<string, number>): void {
  for (const line of lines) {
    if ('detail' in line || 'code' in line) {
      printLine(`line ${line.line}  refused  ${line.detail ?? line.code}`)
    }
  }
  printLine(
    Object.entries(counts)
      .map(([outcome, number]) => `${outcome} ${number}`)
      .join('  '),
  )
}

function readBits(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number, such as 128.')
}
