import { maskKey, type ParseFailure, parseKey } from '@keysmith/key-format'
import { isPublished } from '@keysmith/key-format/scanners'
import type { Command } from 'commander'
import { EXIT } from '../../exit.ts'
import { readPresentedSecret } from '../presented-secret.ts'
import { printJson } from '../print.ts'
import { printFacts } from '../table.ts'

const REASONS: Record<ParseFailure, string> = {
  empty: 'nothing was given',
  too_long: 'it is longer than any secret',
  shape: 'it does not have the parts of a secret',
  unsupported_version: 'it is of a newer format than this version knows',
  not_canonical: 'a part is larger than it can be: it was not made by Keysmith',
  checksum: 'the checksum does not fit: a character was mistyped, lost or changed',
}

export function defineKeyInspect(command: Command): void {
  command
    .description('say what a secret is, offline; the random part is never printed')
    .argument('[secret]', 'the secret, or - for standard input; default: ask for it')
    .option('--json', 'print JSON')
    .action(async (argument: string | undefined, { json }: { json?: true }) => {
      const inspection = inspect(await readPresentedSecret(argument))
      if (json) printJson(inspection)
      else showInspection(inspection)
      if (!inspection.wellFormed) process.exitCode = EXIT.checkFailed
    })
}

type Inspection = ReturnType<typeof inspect>

function inspect(secret: string) {
  const parsed = parseKey(secret)
  const masked = maskKey(secret)
  const reason = parsed.ok ? null : parsed.reason
  // With a wrong checksum the public part can still be read, though not trusted.
  const [brand = null, kind = null, versionAndId] = masked === '****' ? [] : masked.split('_')
  const id = versionAndId?.slice(1) ?? null
  const documentation = brand === 'example' || (id !== null && isPublished(id))
  return { wellFormed: parsed.ok, reason, brand, kind, id, masked, documentation }
}

function showInspection({ reason, brand, kind, id, documentation }: Inspection): void {
  printFacts({
    ...(brand === null ? {} : { brand, kind: kind ?? '', id: id ?? '' }),
    ...(reason === null
      ? { checksum: { text: 'ok', tone: 'good' } }
      : { refused: { text: REASONS[reason], tone: 'bad' } }),
    ...(documentation ? { note: 'published as an example; no service accepts it' } : {}),
  })
}
