import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CreateProject, KeyPermission, ModelPattern, RESERVED_PREFIXES } from '@keysmith/contract'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Config, dataFiles, listSettings, readConfig } from './config.ts'
import { EXIT, StartRefused } from './exit.ts'
import {
  MAX_MODELS,
  MAX_SPECIAL_PERMISSIONS,
  MODEL_PATTERN,
  PERMISSION_PATTERN,
  RESERVED_PATTERN,
} from './project-settings.ts'
import { SETTINGS } from './settings.ts'

function secretFile(content: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, content)
  chmodSync(file, mode)
  return file
}

/** The refusal of this environment; fails when it is accepted. */
function refusal(env: Record<string, string>): StartRefused {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof StartRefused) return error
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`)
}

const DEFAULTS: Config = {
  host: '127.0.0.1',
  port: 8420,
  publicUrl: 'http://127.0.0.1:8420',
  trustedProxies: [],
  managementPerMinute: 30_000,
  dataDir: resolve('keysmith-data'),
  keyBrand: 'ks',
  keyMaxDays: null,
  keyDefaultDays: 90,
  models: [],
  specialPermissions: [{ name: 'device:priority', label: 'Priority over my device' }],
  maxLeaseMs: 1000,
  autoMigrate: true,
  logLevel: 'info',
  logFormat: 'auto',
  apiDocs: true,
  shutdownGraceMs: 10_000,
}

test('an empty environment gives the defaults, and no secret', () => {
  expect(readConfig({})).toEqual({
    config: DEFAULTS,
    secrets: { pepper: null, bootstrapToken: null },
  })
})

/** What each setting does: environment -> what changes in the result. */
const EFFECTS: [env: Record<string, string>, changes: Partial<Config>][] = [
  [{ KEYSMITH_HOST: '::1' }, { host: '::1', publicUrl: 'http://[::1]:8420' }],
  [{ KEYSMITH_PORT: '0' }, { port: 0, publicUrl: 'http://127.0.0.1:0' }],
  [{ KEYSMITH_PORT: ' 65535 ' }, { port: 65_535, publicUrl: 'http://127.0.0.1:65535' }],
  [{ KEYSMITH_PUBLIC_URL: 'https://k.test/keys/' }, { publicUrl: 'https://k.test/keys' }],
  [{ KEYSMITH_PUBLIC_URL: '' }, {}],
  [
    { KEYSMITH_TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,192.0.2.1' },
    { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] },
  ],
  [{ KEYSMITH_TRUSTED_PROXIES: '' }, {}],
  [{ KEYSMITH_DATA_DIR: '/srv/keysmith' }, { dataDir: '/srv/keysmith' }],
  [{ KEYSMITH_DATA_DIR: 'data' }, { dataDir: resolve('data') }],
  [{ KEYSMITH_KEY_BRAND: 'acme' }, { keyBrand: 'acme' }],
  [{ KEYSMITH_KEY_MAX_DAYS: '90' }, { keyMaxDays: 90 }],
  [{ KEYSMITH_KEY_MAX_DAYS: 'none' }, {}],
  [{ KEYSMITH_KEY_DEFAULT_DAYS: 'none' }, { keyDefaultDays: null }],
  [{ KEYSMITH_KEY_DEFAULT_DAYS: '1' }, { keyDefaultDays: 1 }],
  [{ KEYSMITH_MODELS: 'llama-3.3-70b, mistral-*' }, { models: ['llama-3.3-70b', 'mistral-*'] }],
  [{ KEYSMITH_MODELS: '' }, {}],
  [
    { KEYSMITH_SPECIAL_PERMISSIONS: 'gpu:first=First, gpu:*= All = of it ' },
    {
      specialPermissions: [
        { name: 'gpu:first', label: 'First' },
        { name: 'gpu:*', label: 'All = of it' },
      ],
    },
  ],
  [{ KEYSMITH_SPECIAL_PERMISSIONS: '' }, { specialPermissions: [] }],
  [{ KEYSMITH_LEASE_MS: '0' }, { maxLeaseMs: 0 }],
  [{ KEYSMITH_MANAGEMENT_PER_MINUTE: '1' }, { managementPerMinute: 1 }],
  [{ KEYSMITH_MANAGEMENT_PER_MINUTE: '0' }, { managementPerMinute: null }],
  [{ KEYSMITH_MANAGEMENT_PER_MINUTE: 'off' }, { managementPerMinute: null }],
  [{ KEYSMITH_AUTO_MIGRATE: 'off' }, { autoMigrate: false }],
  [{ KEYSMITH_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  [{ KEYSMITH_LOG_FORMAT: 'text' }, { logFormat: 'text' }],
  [{ KEYSMITH_API_DOCS: 'off' }, { apiDocs: false }],
  [{ KEYSMITH_SHUTDOWN_GRACE_MS: '600000' }, { shutdownGraceMs: 600_000 }],
]

test.for(EFFECTS)('%o has its effect and no other', ([env, changes]) => {
  expect(readConfig(env).config).toEqual({ ...DEFAULTS, ...changes })
})

test('every setting has a test of its effect', () => {
  const covered = new Set(EFFECTS.flatMap(([env]) => Object.keys(env)))
  const plain = SETTINGS.filter((setting) => !('secret' in setting)).map(({ name }) => name)
  expect(plain.filter((name) => !covered.has(name))).toEqual([])
})

describe('secrets', () => {
  const SECRETS = [
    ['KEYSMITH_PEPPER', 'pepper'],
    ['KEYSMITH_BOOTSTRAP_TOKEN', 'bootstrapToken'],
  ] as const

  test('every secret setting is in the table of this test', () => {
    const names = SETTINGS.filter((setting) => 'secret' in setting).map(({ name }) => name)
    expect(names).toEqual(SECRETS.map(([name]) => name))
  })

  test.for(SECRETS)(
    '%s comes from the variable or from its _FILE, not from both',
    ([name, key]) => {
      const file = secretFile('from the file\n')
      expect(readConfig({ [name]: ' inline ' }).secrets[key]).toBe('inline')
      expect(readConfig({ [`${name}_FILE`]: file }).secrets[key]).toBe('from the file')
      expect(refusal({ [name]: 'x', [`${name}_FILE`]: file }).message).toBe(
        `${name} and ${name}_FILE are both set. Keep one of them.`,
      )
    },
  )

  test.for(SECRETS)(
    '%s is refused from a file that others can read, or that is missing',
    ([name]) => {
      for (const mode of [0o640, 0o604, 0o620, 0o602]) {
        const refused = refusal({ [`${name}_FILE`]: secretFile('x', mode) })
        expect(refused.message).toMatch(/can be read by others\. Run chmod 600/)
        expect(refused.exitCode).toBe(EXIT.settings)
      }
      expect(refusal({ [`${name}_FILE`]: '/nowhere/at/all' }).message).toMatch(/cannot be read/)
    },
  )

  test('a setting that is no secret has no _FILE', () => {
    expect(refusal({ KEYSMITH_PORT_FILE: '/x' }).message).toMatch(/is not a setting/)
  })

  test('a list of the settings shows where each comes from, and no secret', () => {
    const file = secretFile('canary-in-a-file')
    const settings = listSettings({
      KEYSMITH_PEPPER: 'canary-inline',
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: file,
      KEYSMITH_PORT: '9000',
    })
    expect(settings.map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name))
    expect(JSON.stringify(settings)).not.toContain('canary')
    expect(settings).toContainEqual({
      name: 'KEYSMITH_PEPPER',
      value: '<set>',
      origin: 'environment',
    })
    expect(settings).toContainEqual({
      name: 'KEYSMITH_BOOTSTRAP_TOKEN',
      value: '<set>',
      origin: 'file',
    })
    expect(settings).toContainEqual({ name: 'KEYSMITH_PORT', value: '9000', origin: 'environment' })
    expect(settings).toContainEqual({ name: 'KEYSMITH_LEASE_MS', value: '1000', origin: 'default' })
    const unset = listSettings({}).filter(({ value }) => value === '<not set>')
    expect(unset.map(({ name }) => name)).toContain('KEYSMITH_PEPPER')
  })
})

describe('names', () => {
  test('an unknown name is refused, with a suggestion where one is near', () => {
    const refused = refusal({ KEYSMITH_LOG_LEVL: 'info' })
    expect(refused.message).toBe(
      'KEYSMITH_LOG_LEVL is not a setting of this version. Did you mean KEYSMITH_LOG_LEVEL?',
    )
    expect(refused.exitCode).toBe(EXIT.settings)
    expect(refusal({ KEYSMITH_PEPER_FILE: '/x' }).message).toMatch(/KEYSMITH_PEPPER_FILE\?/)
    expect(refusal({ KEYSMITH_SOMETHING_ELSE_ENTIRELY: '1' }).message).toMatch(/Remove it/)
  })

  test('names of callers and of the Terraform provider are ignored, also with odd values', () => {
    const env = {
      KEYSMITH_ENDPOINT: 'not an address',
      KEYSMITH_TOKEN: '',
      KEYSMITH_TOKEN_FILE: '/nowhere',
      KEYSMITH_PROJECT: '?',
      KEYSMITH_SEAL_TO: 'x',
      KEYSMITH_UNSEAL_IDENTITY_FILE: '/nowhere',
      KEYSMITH_CA_CERT_FILE: '/nowhere',
      PATH: '/bin',
      keysmith_port: 'x',
    }
    expect(readConfig(env)).toEqual(readConfig({}))
  })
})

/** Wrong values; each is refused with a sentence that names the variable. */
const WRONG: [name: (typeof SETTINGS)[number]['name'], ...values: string[]][] = [
  ['KEYSMITH_HOST', '', ' '],
  ['KEYSMITH_PORT', '', '-1', '65536', '80.5', '0x50', 'http', '1e3'],
  [
    'KEYSMITH_PUBLIC_URL',
    'k.test',
    'ftp://k.test',
    'https://u:p@k.test',
    'https://k.test/?a=1',
    'https://k.test/#a',
  ],
  [
    'KEYSMITH_TRUSTED_PROXIES',
    '1',
    'proxy.test',
    '10.0.0.0/33',
    '10/8',
    '0x7f.1',
    '10.0.0.0/8;fd00::/8',
  ],
  ['KEYSMITH_DATA_DIR', ''],
  ['KEYSMITH_KEY_BRAND', '', 'k', 'KS', '1a', 'a-b', 'abcdefghijklm', 'example'],
  ['KEYSMITH_KEY_MAX_DAYS', '', '0', '36501', '1.5', 'None', '-1'],
  ['KEYSMITH_KEY_DEFAULT_DAYS', '', '0', '36501', 'never'],
  [
    'KEYSMITH_MODELS',
    ',',
    'a,',
    'a,a',
    'a b',
    'a*b',
    'a;b',
    'x'.repeat(129),
    Array.from({ length: 201 }, (_, index) => `m${index}`).join(),
  ],
  [
    'KEYSMITH_SPECIAL_PERMISSIONS',
    'device:priority',
    'device:priority=',
    '=Label',
    'Device=Label',
    'a=A,a=B',
    'a=A,',
    'keys:write=Write keys',
    'tokens=Tokens',
    `a=${'x'.repeat(101)}`,
    'a=\u0007',
    `${'a'.repeat(65)}=A`,
    Array.from({ length: 51 }, (_, index) => `p${index}=P`).join(),
  ],
  ['KEYSMITH_LEASE_MS', '', '-1', '1001'],
  ['KEYSMITH_MANAGEMENT_PER_MINUTE', '', '-1', '1.5', '10000001', 'OFF', 'none'],
  ['KEYSMITH_AUTO_MIGRATE', '', 'true', 'ON', '1'],
  ['KEYSMITH_LOG_LEVEL', '', 'INFO', 'verbose'],
  ['KEYSMITH_LOG_FORMAT', '', 'pretty'],
  ['KEYSMITH_API_DOCS', '', 'yes'],
  ['KEYSMITH_SHUTDOWN_GRACE_MS', '', '-1', '600001', '10s'],
]

test.for(WRONG)('%s refuses what it does not understand', ([name, ...values]) => {
  for (const value of values) {
    const { message, exitCode } = refusal({ [name]: value })
    expect([value, exitCode]).toEqual([value, EXIT.settings])
    expect(message).toMatch(new RegExp(`^${name} (must be|is empty)`))
  }
})

test.for([
  [{ KEYSMITH_KEY_MAX_DAYS: '30' }, /DEFAULT_DAYS must be a number of at most .*MAX_DAYS \(30\)/],
  [{ KEYSMITH_KEY_MAX_DAYS: '30', KEYSMITH_KEY_DEFAULT_DAYS: '31' }, /at most/],
  [{ KEYSMITH_KEY_MAX_DAYS: '30', KEYSMITH_KEY_DEFAULT_DAYS: 'none' }, /at most/],
] as const)('%o contradict each other', ([env, message]) => {
  expect(refusal(env).message).toMatch(message)
  expect(
    readConfig({ KEYSMITH_KEY_MAX_DAYS: '30', KEYSMITH_KEY_DEFAULT_DAYS: '30' }).config,
  ).toMatchObject({ keyMaxDays: 30, keyDefaultDays: 30 })
})

test('all files of the data folder are in the data folder', () => {
  expect(Object.values(dataFiles({ dataDir: '/d' }))).toEqual([
    '/d/keysmith.db',
    '/d/pepper.json',
    '/d/keysmith.lock',
    '/d/control.sock',
  ])
})

/** A schema of the contract as the JSON that it is. */
function schemaOf(schema: object): { pattern?: string; maxItems?: number } {
  return JSON.parse(JSON.stringify(schema))
}

test('what new projects start with is what the API accepts of a project', () => {
  const { models, specialPermissions } = CreateProject.properties
  const source = (schema: object) => new RegExp(schemaOf(schema).pattern ?? '').source
  expect(MODEL_PATTERN.source).toBe(source(ModelPattern))
  expect(PERMISSION_PATTERN.source).toBe(source(KeyPermission))
  expect(schemaOf(models).maxItems).toBe(MAX_MODELS)
  expect(schemaOf(specialPermissions).maxItems).toBe(MAX_SPECIAL_PERMISSIONS)
  for (const prefix of RESERVED_PREFIXES) {
    expect(RESERVED_PATTERN.test(prefix) && RESERVED_PATTERN.test(`${prefix}:x`)).toBe(true)
  }
  expect(RESERVED_PATTERN.source.match(/[a-z]+/g)).toEqual([...RESERVED_PREFIXES])
})
