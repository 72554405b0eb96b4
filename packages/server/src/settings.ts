import { readFileSync, statSync } from 'node:fs'
import { distance } from 'fastest-levenshtein'
import { EXIT, StartRefused } from './exit.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

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
    name: 'KEYSMITH_MANAGEMENT_PER_MINUTE',
    default: '30000',
    description:
      'Requests per minute and address (IPv6: per /64) that the management API answers, 1 to 10000000; 0 or off = any number. Verifications are not counted.',
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
    name: 'KEYSMITH_MODELS',
    default: '',
    description:
      'Names of AI models that new projects start with, comma separated, for forms and warnings; a prefix and a final * is allowed.',
  },
  {
    name: 'KEYSMITH_SPECIAL_PERMISSIONS',
    default: 'device:priority=Priority over my device',
    description:
      'Special permissions that new projects start with: name=label, comma separated; empty = none.',
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

export type SettingName = (typeof SETTINGS)[number]['name']

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

export type Environment = Record<string, string | undefined>

export interface EffectiveSetting {
  name: string
  value: string
  origin: 'default' | 'environment' | 'file'
}

/** An unknown name stops the start: it may be a safety setting with a typing error. */
export function refuseUnknownNames(env: Environment): void {
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

/** The value of a setting and where it comes from; null when it is not set and has no default. */
export function readSetting(
  env: Environment,
  name: SettingName,
): { value: string; origin: EffectiveSetting['origin'] } | null {
  const setting: Setting | undefined = SETTINGS.find((known) => known.name === name)
  const found = readSecret(setting?.secret ? env : { [name]: env[name] }, name)
  if (found) return found
  if (setting?.default == null) return null
  return { value: setting.default, origin: 'default' }
}

/** What is in the environment, or in the file that the environment names instead. */
export function readSecret(
  env: Environment,
  name: string,
): { value: string; origin: 'environment' | 'file' } | null {
  const inline = env[name]
  const file = env[`${name}_FILE`]
  if (inline !== undefined && file !== undefined) {
    throw refused(`${name} and ${name}_FILE are both set. Keep one of them.`)
  }
  if (inline !== undefined) return { value: inline.trim(), origin: 'environment' }
  if (file !== undefined) return { value: readSecretFile(`${name}_FILE`, file), origin: 'file' }
  return null
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

/** The settings are wrong: exit code 3 and what to do. */
export function refused(message: string): StartRefused {
  return new StartRefused(EXIT.settings, message)
}
