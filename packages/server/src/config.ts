import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isBrand } from '@keysmith/key-format'
import { distance } from 'fastest-levenshtein'
import ipaddr from 'ipaddr.js'
import { EXIT, StartRefused } from './exit.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** The effective settings. Secrets are a separate object, so that this one can be printed. */
export interface Config {
  host: string
  port: number
  publicUrl: string
  trustedProxies: string[]
  dataDir: string
  keyBrand: string
  keyMaxDays: number | null
  keyDefaultDays: number | null
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

interface Setting {
  name: string
  default: string | null
  description: string
  /** Also read from `<name>_FILE`; printed as `<set>`. */
  secret?: true
}

/** Every setting, in the order of the reference page, which is generated from this table. */
export const SETTINGS = [
  { name: 'KEYSMITH_HOST', default: '127.0.0.1', description: 'Address to listen on.' },
  { name: 'KEYSMITH_PORT', default: '8420', description: 'Port to listen on; 0 = any free one.' },
  {
    name: 'KEYSMITH_PUBLIC_URL',
    default: null,
    description:
      'Address under which callers reach the service, for links and the API description. Default: http:// with host and port.',
  },
  {
    name: 'KEYSMITH_TRUSTED_PROXIES',
    default: '',
    description: 'CIDR ranges, comma separated, whose X-Forwarded-* headers count.',
  },
  {
    name: 'KEYSMITH_DATA_DIR',
    default: './keysmith-data',
    description: 'Folder of the database, the pepper, the lock and the control socket.',
  },
  {
    name: 'KEYSMITH_PEPPER',
    default: null,
    secret: true,
    description:
      'Keyset behind the stored digests, as JSON. Default: pepper.json in the data folder, made at the first start.',
  },
  {
    name: 'KEYSMITH_KEY_BRAND',
    default: 'ks',
    description: 'First part of the secrets of new projects and management tokens.',
  },
  {
    name: 'KEYSMITH_KEY_MAX_DAYS',
    default: 'none',
    description: 'Longest lifetime of a key in days, or none.',
  },
  {
    name: 'KEYSMITH_KEY_DEFAULT_DAYS',
    default: '90',
    description: 'Lifetime of a key that names none, in days, or none.',
  },
  {
    name: 'KEYSMITH_LEASE_MS',
    default: '1000',
    description: 'Longest lease of a verdict in ms, 0 to 1000; 0 switches leases off.',
  },
  {
    name: 'KEYSMITH_BOOTSTRAP_TOKEN',
    default: null,
    secret: true,
    description:
      'A management token of your own making (keysmith key generate --kind root), installed at start with every permission if its id was never used.',
  },
  {
    name: 'KEYSMITH_AUTO_MIGRATE',
    default: 'on',
    description: 'on or off: apply database migrations at start.',
  },
  {
    name: 'KEYSMITH_LOG_LEVEL',
    default: 'info',
    description: `One of ${LOG_LEVELS.join(', ')}.`,
  },
  {
    name: 'KEYSMITH_LOG_FORMAT',
    default: 'auto',
    description: 'json, text, or auto: text on a terminal, else json.',
  },
  {
    name: 'KEYSMITH_API_DOCS',
    default: 'on',
    description: 'on or off: serve /docs and /openapi.json.',
  },
  {
    name: 'KEYSMITH_SHUTDOWN_GRACE_MS',
    default: '10000',
    description: 'How long running requests may take after SIGTERM, in ms.',
  },
] as const satisfies readonly Setting[]

type SettingName = (typeof SETTINGS)[number]['name']

/** Settings of callers and of the Terraform provider: one shell often holds both. */
const CALLER_NAMES = [
  'KEYSMITH_ENDPOINT',
  'KEYSMITH_TOKEN',
  'KEYSMITH_TOKEN_FILE',
  'KEYSMITH_PROJECT',
  'KEYSMITH_SEAL_TO',
  'KEYSMITH_UNSEAL',
  'KEYSMITH_UNSEAL_IDENTITY',
  'KEYSMITH_UNSEAL_IDENTITY_FILE',
  'KEYSMITH_CA_CERT_FILE',
  'KEYSMITH_CLIENT_CERT_FILE',
  'KEYSMITH_CLIENT_KEY_FILE',
]

type Environment = Record<string, string | undefined>

export interface EffectiveSetting {
  name: string
  value: string
  origin: 'default' | 'environment' | 'file'
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
    publicUrl: readUrl(text('KEYSMITH_PUBLIC_URL') || `http://${hostInUrl(host)}:${port}`),
    trustedProxies: readRanges(text('KEYSMITH_TRUSTED_PROXIES')),
    dataDir: resolve(readText('KEYSMITH_DATA_DIR', text('KEYSMITH_DATA_DIR'))),
    keyBrand: readBrand(text('KEYSMITH_KEY_BRAND')),
    keyMaxDays: readDays('KEYSMITH_KEY_MAX_DAYS', text('KEYSMITH_KEY_MAX_DAYS')),
    keyDefaultDays: readDays('KEYSMITH_KEY_DEFAULT_DAYS', text('KEYSMITH_KEY_DEFAULT_DAYS')),
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

function refused(message: string): StartRefused {
  return new StartRefused(EXIT.settings, message)
}

function readSetting(
  env: Environment,
  name: SettingName,
): { value: string; origin: EffectiveSetting['origin'] } | null {
  const setting: Setting | undefined = SETTINGS.find((known) => known.name === name)
  const inline = env[name]
  const file = setting?.secret ? env[`${name}_FILE`] : undefined
  if (inline !== undefined && file !== undefined) {
    throw refused(`${name} and ${name}_FILE are both set. Keep one of them.`)
  }
  if (inline !== undefined) return { value: inline.trim(), origin: 'environment' }
  if (file !== undefined) return { value: readSecretFile(`${name}_FILE`, file), origin: 'file' }
  if (setting?.default == null) return null
  return { value: setting.default, origin: 'default' }
}

/** Reads a file that only its owner may read. `label` names it in errors. */
export function readSecretFile(label: string, path: string): string {
  let mode: number
  let content: string
  try {
    mode = statSync(path).mode
    content = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new StartRefused(
      EXIT.settings,
      `${label}: ${path} cannot be read. Check path and rights.`,
      {
        cause: error,
      },
    )
  }
  if ((mode & 0o077) !== 0) {
    throw refused(`${label}: ${path} can be read by others. Run chmod 600 on it.`)
  }
  return content
}

function refuseUnknownNames(env: Environment): void {
  const known = SETTINGS.flatMap((setting) =>
    'secret' in setting ? [setting.name, `${setting.name}_FILE`] : [setting.name],
  ) as string[]
  for (const name of Object.keys(env)) {
    if (!name.startsWith('KEYSMITH_') || known.includes(name) || CALLER_NAMES.includes(name))
      continue
    const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0] ?? ''
    const hint =
      distance(name, nearest) <= 5
        ? `Did you mean ${nearest}?`
        : 'Remove it, or see keysmith config print for those that exist.'
    throw refused(`${name} is not a setting of this version. ${hint}`)
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

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw refused(
      'KEYSMITH_PUBLIC_URL must be an http or https address without user, query and fragment.',
    )
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
