import { join, resolve } from 'node:path'
import { isBrand } from '@keysmith/key-format'
import ipaddr from 'ipaddr.js'
import { readModels, readSpecialPermissions } from './project-settings.ts'
import {
  type EffectiveSetting,
  type Environment,
  LOG_LEVELS,
  type LogLevel,
  readSecret,
  readSetting,
  refused,
  refuseUnknownNames,
  SETTINGS,
  type SettingName,
} from './settings.ts'

/** The effective settings. Secrets are a separate object, so that this one can be printed. */
export interface Config {
  host: string
  port: number
  publicUrl: string
  trustedProxies: string[]
  /** Requests per minute and address; null = any number. */
  managementPerMinute: number | null
  dataDir: string
  keyBrand: string
  keyMaxDays: number | null
  keyDefaultDays: number | null
  /** What new projects start with. */
  models: string[]
  specialPermissions: { name: string; label: string }[]
  maxLeaseMs: number
  autoMigrate: boolean
  logLevel: LogLevel
  logFormat: 'json' | 'text' | 'auto'
  apiDocs: boolean
  shutdownGraceMs: number
}

/** Never logged and never printed. */
export interface Secrets {
  /** The keyset as JSON; null = the file in the data folder. */
  pepper: string | null
  bootstrapToken: string | null
}

/** Reads the settings from the environment: the only reader of it. Refuses what it does not know. */
export function readConfig(env: Environment = process.env): { config: Config; secrets: Secrets } {
  refuseUnknownNames(env)
  const text = (name: SettingName) => readSetting(env, name)?.value ?? ''
  const host = readText('KEYSMITH_HOST', text('KEYSMITH_HOST'))
  const port = readInteger('KEYSMITH_PORT', text('KEYSMITH_PORT'), 0, 65_535)
  const config: Config = {
    host,
    port,
    publicUrl: readUrl(
      'KEYSMITH_PUBLIC_URL',
      text('KEYSMITH_PUBLIC_URL') || `http://${hostInUrl(host)}:${port}`,
    ),
    trustedProxies: readRanges(text('KEYSMITH_TRUSTED_PROXIES')),
    managementPerMinute: readRate(
      'KEYSMITH_MANAGEMENT_PER_MINUTE',
      text('KEYSMITH_MANAGEMENT_PER_MINUTE'),
    ),
    dataDir: resolve(readText('KEYSMITH_DATA_DIR', text('KEYSMITH_DATA_DIR'))),
    keyBrand: readBrand(text('KEYSMITH_KEY_BRAND')),
    keyMaxDays: readDays('KEYSMITH_KEY_MAX_DAYS', text('KEYSMITH_KEY_MAX_DAYS')),
    keyDefaultDays: readDays('KEYSMITH_KEY_DEFAULT_DAYS', text('KEYSMITH_KEY_DEFAULT_DAYS')),
    models: readModels(text('KEYSMITH_MODELS')),
    specialPermissions: readSpecialPermissions(text('KEYSMITH_SPECIAL_PERMISSIONS')),
    maxLeaseMs: readInteger('KEYSMITH_LEASE_MS', text('KEYSMITH_LEASE_MS'), 0, 1000),
    autoMigrate: readSwitch('KEYSMITH_AUTO_MIGRATE', text('KEYSMITH_AUTO_MIGRATE')),
    logLevel: readChoice('KEYSMITH_LOG_LEVEL', text('KEYSMITH_LOG_LEVEL'), LOG_LEVELS),
    logFormat: readChoice('KEYSMITH_LOG_FORMAT', text('KEYSMITH_LOG_FORMAT'), [
      'json',
      'text',
      'auto',
    ]),
    apiDocs: readSwitch('KEYSMITH_API_DOCS', text('KEYSMITH_API_DOCS')),
    shutdownGraceMs: readInteger(
      'KEYSMITH_SHUTDOWN_GRACE_MS',
      text('KEYSMITH_SHUTDOWN_GRACE_MS'),
      0,
      600_000,
    ),
  }
  refuseContradictions(config)
  const secrets: Secrets = {
    pepper: readSetting(env, 'KEYSMITH_PEPPER')?.value ?? null,
    bootstrapToken: readSetting(env, 'KEYSMITH_BOOTSTRAP_TOKEN')?.value ?? null,
  }
  return { config, secrets }
}

/** What a command needs that asks the service from outside. */
export interface Caller {
  endpoint: string
  /** Never logged and never printed. */
  token: string
  /** Id or name of the project of `key create`, `key list` and `key import` when they name none. */
  project: string | undefined
}

/** The settings of a caller; those of the service may be set too, and do not matter here. */
export function readCaller(env: Environment = process.env): Caller {
  refuseUnknownNames(env)
  const token = readToken(readSecret(env, 'KEYSMITH_TOKEN')?.value ?? '')
  const endpoint = env.KEYSMITH_ENDPOINT?.trim() || DEFAULT_ENDPOINT
  return { endpoint: readUrl('KEYSMITH_ENDPOINT', endpoint), token, project: readProject(env) }
}

function readToken(text: string): string {
  if (text === '') {
    throw refused(
      'There is no token. Set KEYSMITH_TOKEN, or KEYSMITH_TOKEN_FILE to a file with it.',
    )
  }
  // What cannot be sent in a header is no token of anybody.
  if (!/^[!-~]+$/.test(text))
    throw refused('KEYSMITH_TOKEN is not a token: it has a space or worse.')
  return text
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8420'

function readProject({ KEYSMITH_PROJECT: project }: Environment): string | undefined {
  return project === undefined ? undefined : readText('KEYSMITH_PROJECT', project.trim())
}

/** The settings as they count, with their origin. Secrets are `<set>` or `<not set>`. */
export function listSettings(env: Environment = process.env): EffectiveSetting[] {
  readConfig(env)
  return SETTINGS.map((setting) => {
    const found = readSetting(env, setting.name)
    const origin = found?.origin ?? 'default'
    if ('secret' in setting)
      return { name: setting.name, value: found ? '<set>' : '<not set>', origin }
    return { name: setting.name, value: found?.value || '<not set>', origin }
  })
}

/** The files of the data folder. */
export function dataFiles({ dataDir }: Pick<Config, 'dataDir'>) {
  return {
    database: join(dataDir, 'keysmith.db'),
    pepper: join(dataDir, 'pepper.json'),
    lock: join(dataDir, 'keysmith.lock'),
    controlSocket: join(dataDir, 'control.sock'),
  }
}

function refuseContradictions(config: Config): void {
  const { keyMaxDays, keyDefaultDays } = config
  if (keyMaxDays === null) return
  if (keyDefaultDays === null || keyDefaultDays > keyMaxDays) {
    throw refused(
      `KEYSMITH_KEY_DEFAULT_DAYS must be a number of at most KEYSMITH_KEY_MAX_DAYS (${keyMaxDays}).`,
    )
  }
}

/** Empty is not the default: an empty host would be every address of the machine. */
function readText(name: string, text: string): string {
  if (text !== '') return text
  throw refused(`${name} is empty. Give it a value, or remove it to get the default.`)
}

function readInteger(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value
  throw refused(`${name} must be a whole number from ${minimum} to ${maximum}.`)
}

function readDays(name: string, text: string): number | null {
  return text === 'none' ? null : readInteger(name, text, 1, 36_500)
}

function readRate(name: string, text: string): number | null {
  return text === 'off' ? null : readInteger(name, text, 0, 10_000_000) || null
}

function readSwitch(name: string, text: string): boolean {
  return readChoice(name, text, ['on', 'off']) === 'on'
}

function readChoice<const Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((allowed) => allowed === text)
  if (choice === undefined) throw refused(`${name} must be one of ${choices.join(', ')}.`)
  return choice
}

function readUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw refused(`${name} must be an http or https address without user, query and fragment.`)
  }
  return url.href.replace(/\/$/, '')
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function readBrand(text: string): string {
  if (isBrand(text)) return text
  throw refused(
    'KEYSMITH_KEY_BRAND must be 2 to 12 lower-case letters and digits, starting with a letter, and not "example".',
  )
}

function readRanges(text: string): string[] {
  const ranges = text
    .split(',')
    .map((range) => range.trim())
    .filter(Boolean)
  if (!ranges.every(isRange)) {
    throw refused(
      'KEYSMITH_TRUSTED_PROXIES must be CIDR ranges, comma separated, such as 10.0.0.0/8,fd00::/8.',
    )
  }
  return ranges
}

/** Four decimal parts or IPv6: the library also reads `10` and `0x7f.1`, which nobody means. */
function isRange(range: string): boolean {
  const [address = ''] = range.split('/', 1)
  const isPlain = address.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(address)
  return isPlain && (range.includes('/') ? ipaddr.isValidCIDR(range) : ipaddr.isValid(range))
}
