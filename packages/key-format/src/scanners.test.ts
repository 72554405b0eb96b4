import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatKey, generateId, generateKey, KEY_PATTERN, parseKey } from './index.ts'
import { isPublished, scannerRules } from './scanners.ts'
import vectors from './vectors.json' with { type: 'json' }

const KINDS = ['live', 'test', 'root', 'boot']
const require = createRequire(import.meta.url)

test('the gitleaks rule is the published one', () => {
  expect(scannerRules('ks').gitleaks).toBe(String.raw`[[rules]]
id = "keysmith-ks"
description = "Keysmith secret with brand ks: it may give access to the APIs behind it."
regex = '''\b(ks_(?:live|test|root|boot)_1[0-9a-hjkmnp-tv-z]{16}_[0-9A-Za-z]{49})\b'''
entropy = 3.5
keywords = ["ks_live_1", "ks_test_1", "ks_root_1", "ks_boot_1"]
[[rules.allowlists]]
regexes = ['''_1(?:0{16}|z{16}|000g40r40m30e209)_''']     # published vectors
`)
})

test('the ids of the valid vectors are published, and no other', () => {
  for (const { secret } of vectors.valid) {
    const parsed = parseKey(secret)
    expect(parsed.ok && isPublished(parsed.id)).toBe(true)
  }
  for (const id of [generateId(), '000g40r40m30e208', '0'.repeat(17), '']) {
    expect(isPublished(id)).toBe(false)
  }
})

test('the TruffleHog detector asks the server whether a found secret still works', () => {
  const { trufflehog } = scannerRules('acme', {
    kinds: ['live'],
    publicUrl: 'https://keys.acme.example/',
  })
  expect(trufflehog).toBe(String.raw`detectors:
  - name: keysmith-acme
    description: "Keysmith secret with brand acme: it may give access to the APIs behind it."
    keywords:
      - acme_live_1
    regex:
      secret: '\bacme_(?:live)_1[0-9a-hjkmnp-tv-z]{16}_[0-9A-Za-z]{49}\b'
    exclude_regexes_match:
      - '_1(?:0{16}|z{16}|000g40r40m30e209)_'
    verify:
      - endpoint: "https://keys.acme.example/v1/leaks/trufflehog"
        unsafe: false
        headers:
          - 'Authorization: Bearer <management token that holds leaks:report only>'
        successRanges:
          - '200'
        rotatedRanges:
          - '404'
`)
})

test('TruffleHog is told when the address is not encrypted, and gets a placeholder without one', () => {
  const local = scannerRules('ks', { publicUrl: 'http://127.0.0.1:8420' }).trufflehog
  expect(local).toContain('endpoint: "http://127.0.0.1:8420/v1/leaks/trufflehog"')
  expect(local).toContain('unsafe: true')
  expect(scannerRules('ks').trufflehog).toContain('"https://keysmith.example.com/v1/leaks/')
})

test('the GitHub pattern comes with its boundaries and with a published secret of each kind', () => {
  const { github } = scannerRules('ks')
  expect(github).toMatchObject({ before: '\\A|[^0-9A-Za-z]', after: '\\z|[^0-9A-Za-z]' })
  const published = new Map(vectors.valid.map(({ name, secret }) => [name, secret]))
  expect(github.tests).toEqual(
    ['ks-seq', 'ks-test', 'ks-root', 'ks-boot'].map((name) => published.get(name)),
  )
  expect(scannerRules('acme', { kinds: ['root'] }).github.tests).toEqual([published.get('root')])
})

test('generated secrets of every kind match every exported rule', () => {
  const { gitleaks, github, secretlint, trufflehog, regex } = scannerRules('acme')
  const patterns = [
    regex,
    github.pattern,
    /regex = '''(.*)'''/.exec(gitleaks)?.[1],
    /secret: '(.*)'/.exec(trufflehog)?.[1],
    /"patterns":\["\/(.*?)\/"\]/.exec(JSON.stringify(secretlint))?.[1]?.replaceAll('\\\\', '\\'),
  ]
  for (const kind of KINDS) {
    const { secret } = generateKey({ brand: 'acme', kind })
    for (const pattern of patterns) {
      expect(new RegExp(pattern ?? '^$').exec(`key=${secret}&x=1`)?.[0]).toBe(secret)
    }
    expect(gitleaks).toContain(`"${secret.slice(0, 11)}"`)
    expect(trufflehog).toContain(`- ${secret.slice(0, 11)}\n`)
  }
})

test('the published secrets are allow-listed in gitleaks, and generated ones are not', () => {
  const { gitleaks } = scannerRules('ks')
  const allowed = new RegExp(/regexes = \['''(.*)'''\]/.exec(gitleaks)?.[1] ?? '^$')
  for (const { secret } of vectors.valid) expect(secret).toMatch(allowed)
  expect(generateKey({ brand: 'ks', kind: 'live' }).secret).not.toMatch(allowed)
})

test('a secret of the documentation brand matches no exported rule', () => {
  const bytes = { id: new Uint8Array(10).fill(7), random: new Uint8Array(32).fill(7) }
  const secret = formatKey({ brand: 'example', kind: 'live', ...bytes })
  expect(secret).not.toMatch(new RegExp(scannerRules('ks').regex))
  expect(() => scannerRules('example')).toThrow(new RangeError('Outside the key format'))
})

test('the patterns use only what RE2, Hyperscan, PCRE and JavaScript share', () => {
  const shared = /^(?:[0-9A-Za-z_]|\\b|\[[0-9a-zA-Z-]+\]|\{\d+(?:,\d+)?\}|\(\?:|\(|\||\))+$/
  const { gitleaks, github, regex } = scannerRules('ks')
  const allowed = /regexes = \['''(.*)'''\]/.exec(gitleaks)?.[1]
  const found = /regex = '''(.*)'''/.exec(gitleaks)?.[1]
  for (const pattern of [KEY_PATTERN, regex, github.pattern, found, allowed]) {
    expect(pattern).toMatch(shared)
  }
  expect('(?=x)').not.toMatch(shared)
  expect('(?<!x)').not.toMatch(shared)
})

test('nothing but an http or https address is taken for the public address', () => {
  for (const publicUrl of ['', 'keys.acme.example', 'file:///etc', 'https://a b', 'https://a\nb']) {
    expect(() => scannerRules('ks', { publicUrl })).toThrow(
      new RangeError('Not an http or https address'),
    )
  }
})

test('a quote in the public address stays inside its YAML string', () => {
  const { trufflehog } = scannerRules('ks', { publicUrl: `https://a/"b'` })
  expect(trufflehog).toContain(String.raw`endpoint: "https://a/\"b'/v1/leaks/trufflehog"`)
})

describe('secretlint with the exported configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-scanners-'))
  const [inYaml, inShell, inJson, inDotenv, inUrl, ofOtherBrand] = [
    ...['live', 'test', 'root', 'boot', 'live'].map((kind) => generateKey({ brand: 'ks', kind })),
    generateKey({ brand: 'acme', kind: 'live' }),
  ].map(({ secret }) => secret)
  const planted = {
    'deploy.yaml': `env:\n  - name: API_KEY\n    value: ${inYaml}\n  - key: 'x'\n`,
    'call.sh': `curl -H "x-api-key: ${inShell}" https://api.acme.example\n`,
    'settings.json': `${JSON.stringify({ setup: inJson, retries: 3 })}\n`,
    '.env': `PORT=8420\nKEYSMITH_TOKEN=${inDotenv}\n`,
    'links.txt': `https://api.acme.example/v1?key=${inUrl}&page=2\n`,
  }
  const harmless = {
    'readme.md': `${vectors.valid.map(({ secret }) => secret).join('\n')}\n`,
    'masked.log': 'key=ks_live_1000g40r40m30e209_**** id=000g40r40m30e209\n',
    'other.yaml': [
      `other_brand: ${ofOtherBrand}`,
      `longer: ${inYaml}x`,
      `cut: ${inYaml?.slice(0, -1)}`,
      `inside: tas${inYaml}`,
      `version: ${inYaml?.replace('_1', '_2')}`,
    ].join('\n'),
  }

  beforeAll(() => {
    const configuration = JSON.stringify(scannerRules('ks').secretlint)
    writeFileSync(join(folder, '.secretlintrc.json'), configuration)
    for (const [name, text] of Object.entries({ ...planted, ...harmless })) {
      writeFileSync(join(folder, name), text)
    }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('finds the secrets planted in YAML, shell, JSON, dotenv and URL files and nothing else', () => {
    const files = Object.keys({ ...planted, ...harmless })
    const secretlint = join(require.resolve('secretlint/package.json'), '../bin/secretlint.js')
    const options = ['--secretlintrc', join(folder, '.secretlintrc.json'), '--no-glob']
    const run = spawnSync(
      process.execPath,
      [secretlint, ...options, '--format', 'json', '--no-maskSecrets', ...files],
      { cwd: folder, encoding: 'utf8' },
    )
    expect(run.stderr).toBe('')
    const results: { filePath: string; messages: { range: [number, number] }[] }[] = JSON.parse(
      run.stdout,
    )
    const found = results.flatMap(({ filePath, messages }) =>
      messages.map(({ range }) => {
        const name = filePath.slice(filePath.lastIndexOf('/') + 1)
        const text = Object.entries({ ...planted, ...harmless }).find(
          ([file]) => file === name,
        )?.[1]
        return [name, text?.slice(...range)]
      }),
    )
    expect(Object.fromEntries(found)).toEqual({
      'deploy.yaml': inYaml,
      'call.sh': inShell,
      'settings.json': inJson,
      '.env': inDotenv,
      'links.txt': inUrl,
    })
    expect(found).toHaveLength(5)
  })
})
