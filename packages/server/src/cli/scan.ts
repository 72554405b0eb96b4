import type { Command } from 'commander'
import { EXIT } from '../exit.ts'
import { readBrand } from './brand.ts'
import { counted } from './counted.ts'
import { printJson, tell } from './print.ts'
import { type Progress, withProgress } from './progress.ts'
import { files } from './scan/files.ts'
import { type FoundSecret, findSecrets, secretPattern } from './scan/find-secrets.ts'
import { readText } from './scan/read-text.ts'
import type { Source } from './scan/sources.ts'
import { stagedFiles } from './scan/staged-files.ts'
import { paint, printable } from './style.ts'

interface Options {
  gitStaged?: true
  brand: string[]
  json?: true
}

interface Finding extends FoundSecret {
  file: string
}

/** What a scan came across; `findings` and `documentation` are filled for `--json` only. */
interface Report {
  findings: Finding[]
  documentation: Finding[]
  secrets: number
  files: number
  binaries: number
  unreadable: string[]
}

export function defineScan(command: Command): void {
  command
    .argument('[path...]', 'files and folders; default: this folder, or all that is staged')
    .option('--git-staged', 'search what is staged for the next commit, not the working tree')
    .option(
      '--brand <brand>',
      'only secrets of this brand; repeatable; default: every brand',
      (value: string, all: string[]) => [...all, readBrand(value)],
      [],
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nSkips .git, node_modules and binary files. A pre-commit hook: keysmith scan --git-staged',
    )
    .action(scan)
}

async function scan(paths: string[], { gitStaged, brand, json }: Options): Promise<void> {
  const sources = gitStaged ? stagedFiles(paths) : files(paths.length > 0 ? paths : ['.'])
  const pattern = secretPattern(brand)
  const report: Report = emptyReport()
  await withProgress(async (progress) => {
    const present = json ? collect : showAfter(progress)
    for await (const source of sources) {
      progress.show(`${counted(report.files, 'file')} searched`)
      await search(source, pattern, report, present)
    }
  })
  if (json) printJson({ ok: report.secrets === 0, ...report })
  else tell(summary(report))
  if (report.secrets === 0 && report.unreadable.length > 0) process.exitCode = EXIT.failed
}

async function search(
  source: Source,
  pattern: RegExp,
  report: Report,
  present: (finding: Finding, report: Report) => void,
): Promise<void> {
  report.files += 1
  try {
    const text = await readText(source.read())
    if (text === null) {
      report.binaries += 1
      return
    }
    for await (const found of findSecrets(text, pattern)) {
      if (!found.documentation) {
        report.secrets += 1
        process.exitCode = EXIT.checkFailed
      }
      present({ file: source.name, ...found }, report)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    report.unreadable.push(source.name)
    tell(`keysmith: warning: ${source.name} cannot be read.`)
  }
}

function collect(finding: Finding, report: Report): void {
  if (finding.documentation) report.documentation.push(finding)
  else report.findings.push(finding)
}

function showAfter({ hide }: Progress) {
  return (finding: Finding) => {
    hide()
    show(finding)
  }
}

function show({ file, line, column, masked, kind, checksum, documentation }: Finding): void {
  const remark = documentation
    ? paint('dim', 'documentation')
    : paint(checksum === 'ok' ? 'bad' : 'warn', `checksum ${checksum}`)
  process.stdout.write(`${printable(file)}:${line}:${column}  ${masked}  ${kind}  ${remark}\n`)
}

function summary({ secrets, files, binaries, unreadable }: Report): string {
  const parts = [
    `${counted(secrets, 'secret')} in ${counted(files, 'file')}`,
    ...(binaries > 0 ? [`${counted(binaries, 'binary file')} skipped`] : []),
    ...(unreadable.length > 0 ? [`${counted(unreadable.length, 'file')} not readable`] : []),
  ]
  return parts.join(', ')
}

function emptyReport(): Report {
  return { findings: [], documentation: [], secrets: 0, files: 0, binaries: 0, unreadable: [] }
}
