import { closeSync, writeSync } from 'node:fs'
import { type ScannerRules, scannerRules } from '@keysmith/key-format/scanners'
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { readBrand } from './brand.ts'
import { printJson, tell } from './print.ts'
import { openNewFile } from './secret-output.ts'

interface Options {
  brand: string
  publicUrl?: string
  out?: string
  json?: true
}

const FORMATS = ['gitleaks', 'github', 'secretlint', 'trufflehog', 'regex'] as const

export function defineScanner(scanner: Command): void {
  scanner
    .command('export')
    .description('print the rule with which a scanner finds the secrets of a brand')
    .addArgument(new Argument('<format>', 'the scanner').choices(FORMATS))
    .option('--brand <brand>', 'first part of the secrets', readBrand, 'ks')
    .option('--public-url <url>', 'address of the service, for TruffleHog', readAddress)
    .option('--out <file>', 'write it to a new file instead of printing it')
    .option('--json', 'print JSON')
    .action(exportRule)
}

function exportRule(format: keyof ScannerRules, { brand, publicUrl, out, json }: Options): void {
  const rule = scannerRules(brand, publicUrl === undefined ? {} : { publicUrl })[format]
  const text = typeof rule === 'string' ? rule.trimEnd() : JSON.stringify(rule, null, 2)
  if (out !== undefined) writeRule(out, text)
  if (json) printJson(out === undefined ? { format, brand, rule } : { format, brand, file: out })
  else if (out === undefined) process.stdout.write(`${text}\n`)
  else tell(`The rule is in ${out}.`)
}

function writeRule(file: string, text: string): void {
  const handle = openNewFile(file)
  writeSync(handle, `${text}\n`)
  closeSync(handle)
}

function readAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError('Give an http or https address.')
}
