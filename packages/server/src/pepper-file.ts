import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { generateId } from '@keysmith/key-format'
import { type Config, dataFiles, type Secrets } from './config.ts'
import { EXIT, StartRefused } from './exit.ts'
import { type Pepper, Peppers } from './keys/pepper.ts'
import { readSecretFile } from './settings.ts'

const FORMAT = 'keysmith-pepper/1'
const PEPPER_BYTES = 32

/**
 * The keyset: from the environment, else from the data folder. A new one is made only where there is
 * no database yet; a database without its keyset stops the start.
 */
export function loadPeppers(
  config: Config,
  secrets: Secrets,
): { peppers: Peppers; file: string | null } {
  if (secrets.pepper !== null) {
    return { peppers: parsePeppers('KEYSMITH_PEPPER', secrets.pepper), file: null }
  }
  const { pepper: file, database } = dataFiles(config)
  if (!existsSync(file)) {
    if (existsSync(database)) {
      throw new StartRefused(
        EXIT.settings,
        `The pepper ${file} is missing, but the database exists. Put the file back from your copy: without it no key can be verified.`,
      )
    }
    createPepperFile(file)
  }
  return { peppers: parsePeppers(file, readSecretFile('The pepper', file)), file }
}

function createPepperFile(file: string): void {
  const pepper: Pepper = {
    id: generateId(),
    state: 'primary',
    created: new Date().toISOString(),
    key: randomBytes(PEPPER_BYTES).toString('base64'),
  }
  const text = `${JSON.stringify({ format: FORMAT, peppers: [pepper] }, null, 2)}\n`
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function parsePeppers(label: string, text: string): Peppers {
  const keyset = parseJson(text)
  const peppers = isKeyset(keyset) ? keyset.peppers : null
  const primaries = peppers?.filter((pepper) => pepper.state === 'primary').length
  if (!peppers || primaries !== 1) {
    throw new StartRefused(
      EXIT.settings,
      `${label} is not a pepper keyset: it is cut short or was edited. Put the right one back from your copy.`,
    )
  }
  return new Peppers(peppers)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isKeyset(value: unknown): value is { peppers: Pepper[] } {
  if (typeof value !== 'object' || value === null) return false
  if (!('format' in value) || value.format !== FORMAT) return false
  return 'peppers' in value && Array.isArray(value.peppers) && value.peppers.every(isPepper)
}

function isPepper(value: unknown): value is Pepper {
  if (typeof value !== 'object' || value === null) return false
  const { id, state, created, key } = value as Partial<Record<keyof Pepper, unknown>>
  return (
    typeof id === 'string' &&
    typeof created === 'string' &&
    typeof key === 'string' &&
    Buffer.from(key, 'base64').length === PEPPER_BYTES &&
    (state === 'primary' || state === 'enabled' || state === 'disabled')
  )
}
