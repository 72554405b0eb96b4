import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseKey } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { expectNoSecret, useCaller } from './_caller.ts'

const { root, server, run, json, createKey } = useCaller()

const ATTRIBUTES = [
  ...['--owner', 'team-billing', '--description', 'nightly run', '--environment', 'test'],
  ...['--permission', 'jobs:write', '--permission', 'device:priority', '--model', 'llama-3*'],
  ...['--ip', '10.0.0.0/8', '--expires-in', '30d', '--metadata', 'plan=pro=x', '--tag', 'team=a'],
  ...['--rotate-every', '30d', '--overlap', '12h', '--deletion-protection'],
]

describe('key create', () => {
  test('gives the secret alone on stdout and the facts on stderr; it never travels', async () => {
    const { code, stdout, stderr } = await run(['key', 'create', '--name', 'billing-worker'])
    const secret = parseKey(stdout.trimEnd())
    expect(code).toBe(0)
    expect(secret).toMatchObject({ ok: true, brand: 'ks', kind: 'live' })
    const id = secret.ok ? secret.id : ''
    expect(stderr).toMatch(new RegExp(`^id {7}${id} {3}billing-worker\nexpires {2}20.*\n.*once`))
    expectNoSecret(stderr)
    const { secrets } = await json(['key', 'get', id])
    expect(secrets).toMatchObject([{ mintedBy: 'client' }])
    expect(server().output().stdout).not.toContain(stdout.trimEnd())
  })

  test('sets every attribute', async () => {
    const { key, secret } = await json(['key', 'create', '--name', 'all', ...ATTRIBUTES])
    expect(parseKey(secret)).toMatchObject({ ok: true, kind: 'test', id: key.id })
    expect(key).toMatchObject({
      name: 'all',
      owner: 'team-billing',
      description: 'nightly run',
      environment: 'test',
      permissions: ['jobs:write', 'device:priority'],
      allowedModels: ['llama-3*'],
      ipAllowlist: ['10.0.0.0/8'],
      metadata: { plan: 'pro=x' },
      tags: { team: 'a' },
      rotation: { everySeconds: 2_592_000, overlapSeconds: 43_200 },
      deletionProtection: true,
    })
    const days = (Date.parse(key.expiresAt) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29.9)
    expect(days).toBeLessThanOrEqual(30)
  })

  test('never, none and any stand for the absence of a limit or of a right', async () => {
    const options = ['--expires-in', 'never', '--permission', 'none', '--model', 'none']
    const { key } = await json(['key', 'create', '--name', 'words', ...options, '--ip', 'any'])
    expect(key).toMatchObject({ expiresAt: null, permissions: [], allowedModels: [] })
    expect(key).toMatchObject({ ipAllowlist: null, rotation: null, deletionProtection: false })
  })

  test('--out writes the secret to a new file for its owner only, and prints it nowhere', async () => {
    const out = join(root, 'secret')
    const args = ['key', 'create', '--name', 'file', '--out', out]
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain(`The secret is in ${out}.`)
    expectNoSecret(stderr)
    expect(statSync(out).mode & 0o777).toBe(0o600)
    const text = readFileSync(out, 'utf8')
    expect(text).toMatch(/^\S{75}\n$/)
    expect(parseKey(text.trimEnd()).ok).toBe(true)
    const answer = await json(['key', 'create', '--name', 'file', '--out', `${out}-2`])
    expect(answer).toMatchObject({ key: { name: 'file' }, file: `${out}-2` })
    expectNoSecret(JSON.stringify(answer))
  })
})

describe('key list and key get', () => {
  test('list shows the newest first, filtered, and never a secret', async () => {
    const { id } = await createKey('--owner', 'one-owner', '--permission', 'jobs:read')
    await createKey('--owner', 'one-owner', '--environment', 'test')
    const table = await run(['key', 'list', '--owner', 'one-owner'])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    const [header, newest, oldest] = table.stdout.split('\n')
    expect(header).toMatch(
      /^ID +NAME +STATUS +ENV +OWNER +EXPIRES +LAST USED +QUOTAS +PERMISSIONS$/,
    )
    expect(newest).toMatch(/ test {2}active {2}test +one-owner {2}20.* never +- +none$/)
    expect(oldest).toMatch(new RegExp(`^${id} .* live +one-owner {2}20.* never +- +jobs:read$`))
    const live = await json(['key', 'list', '--owner', 'one-owner', '--environment', 'live'])
    expect(live).toMatchObject([{ id }])
    expect(await json(['key', 'list', '--status', 'revoked', '--owner', 'one-owner'])).toEqual([])
    expectNoSecret(table.stdout, JSON.stringify(live))
  })

  test('list gives as many as were asked for, and says when there are more', async () => {
    for (const _ of [1, 2, 3]) await createKey('--owner', 'pages')
    const args = ['key', 'list', '--owner', 'pages', '--json']
    const two = await run([...args, '--limit', '2'])
    expect(JSON.parse(two.stdout)).toHaveLength(2)
    expect(two.stderr).toBe('The newest 2; there are more: --limit or --all.\n')
    const three = await run([...args, '--limit', '3'])
    expect(three.stderr).toBe('')
    expect(JSON.parse((await run([...args, '--all'])).stdout)).toHaveLength(3)
  })

  test('get shows what is known of a key', async () => {
    const { id } = await createKey(...ATTRIBUTES)
    const { code, stdout, stderr } = await run(['key', 'get', id])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const shown = Object.fromEntries(stdout.split('\n').map((line) => line.split(/ {2,}/, 2)))
    expect(shown).toMatchObject({
      id,
      status: 'active',
      owner: 'team-billing',
      permissions: 'jobs:write device:priority',
      models: 'llama-3*',
      addresses: '10.0.0.0/8',
      metadata: 'plan=pro=x',
      rotation: 'every 30d, overlap 12h',
      protection: 'on',
    })
    expectNoSecret(stdout)
  })
})

describe('key update', () => {
  test('changes what is named and leaves the rest', async () => {
    const { id } = await createKey(...ATTRIBUTES)
    const before = await json(['key', 'get', id])
    const after = await json(['key', 'update', id, '--name', 'new', '--overlap', '1h'])
    const rotation = { everySeconds: 2_592_000, overlapSeconds: 3600 }
    expect(after).toEqual({ ...before, name: 'new', rotation, updatedAt: after.updatedAt })
    const off = await run(['key', 'update', id, '--deletion-protection', 'off', '--tag', 'x=y'])
    expect(off).toMatchObject({ code: 0, stderr: '' })
    expect(off.stdout).not.toMatch(/^protection/m)
    expect(off.stdout).toMatch(/^tags +x=y$/m)
  })

  test('none, any and never empty a field', async () => {
    const { id } = await createKey(...ATTRIBUTES)
    const emptied = ['--owner', 'none', '--description', 'none', '--permission', 'none']
    const maps = ['--metadata', 'none', '--tag', 'none', '--rotate-every', 'never']
    const lifted = ['--model', 'any', '--ip', 'any', '--expires-in', 'never']
    expect(await json(['key', 'update', id, ...emptied, ...maps, ...lifted])).toMatchObject({
      ...{ owner: null, description: null, permissions: [], metadata: {}, tags: {} },
      ...{ rotation: null, allowedModels: null, ipAllowlist: null, expiresAt: null },
    })
  })
})

describe('the life of a key', () => {
  const verify = (secret: string, ...options: string[]) =>
    run(['key', 'verify', ...options], `${secret}\n`)

  test('rotate gives a new secret, and the old one works for the overlap', async () => {
    const { id, secret: old } = await createKey()
    const { code, stdout, stderr } = await run(['key', 'rotate', id, '--overlap', '1h'])
    expect(code).toBe(0)
    expect(parseKey(stdout.trimEnd())).toMatchObject({ ok: true, id })
    expect(stderr).toMatch(/^before {3}works until 20/m)
    expectNoSecret(stderr)
    expect((await verify(old)).code).toBe(0)
    expect((await verify(stdout.trimEnd())).code).toBe(0)
    const running = await run(['key', 'rotate', id])
    expect(running).toMatchObject({ code: 1, stdout: '' })
    expect(running.stderr).toMatch(/^keysmith: An older secret still works\. .*\n$/)
    const { secretVersion } = await json(['key', 'get', id])
    const replaced = await json(['key', 'rotate', id, '--replaces', String(secretVersion)])
    expect((await verify(stdout.trimEnd())).code).toBe(7)
    expect((await verify(replaced.secret)).code).toBe(0)
  })

  test('verify says whether a secret is good for a request', async () => {
    const { id, secret } = await createKey('--permission', 'jobs:write', '--model', 'llama-3*')
    const good = await verify(secret, '--permission', 'jobs:write', '--model', 'llama-3.3')
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout).toMatch(new RegExp(`^verdict +valid\nid +${id}\nname +test\n`))
    expectNoSecret(good.stdout)
    const missing = await run(['key', 'verify', '--permission', 'x:y', '--json'], secret)
    expect(missing.code).toBe(7)
    expect(JSON.parse(missing.stdout)).toMatchObject({ valid: false, code: 'missing_permission' })
    const codes = [[], ['--model', 'gpt'], ['--model', 'none']].map(async (options) => {
      const { stdout } = await verify(secret, ...options)
      return /^verdict +(\w+)$/m.exec(stdout)?.[1]
    })
    expect(await Promise.all(codes)).toEqual(['model_required', 'model_not_allowed', 'valid'])
    expect((await verify('hunter2')).stdout).toMatch(/^verdict +malformed\n$/)
    const argument = await run(['key', 'verify', secret, '--model', 'none'])
    expect(argument.code).toBe(0)
    expect(argument.stderr).toMatch(/^keysmith: warning: the secret is now in the history/)
    expectNoSecret(argument.stdout, argument.stderr)
  })

  test('disable pauses a key, enable lets it work again, revoke ends it', async () => {
    const { id, secret } = await createKey()
    expect(await run(['key', 'disable', id])).toEqual({
      code: 0,
      stdout: `disabled  ${id}   test\n`,
      stderr: '',
    })
    expect((await verify(secret)).stdout).toMatch(/^verdict +disabled$/m)
    expect(await json(['key', 'enable', id])).toMatchObject({ id, status: 'active' })
    expect((await verify(secret)).code).toBe(0)
    const later = await run(['key', 'revoke', id, '--after', '1h', '--yes'])
    expect(later.stdout).toMatch(new RegExp(`^revoked  ${id}   test   from 20`))
    expect((await verify(secret)).code).toBe(0)
    const revoked = await json(['key', 'revoke', id, '--reason', 'left the team', '--yes'])
    expect(revoked).toMatchObject({ status: 'revoked', revoked: { reason: 'left the team' } })
    expect((await verify(secret)).stdout).toMatch(/^verdict +revoked$/m)
  })

  test('revoke needs --yes where nobody can be asked, and an override for a protected key', async () => {
    const { id } = await createKey('--deletion-protection')
    const unasked = await run(['key', 'revoke', id])
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toMatch(/^keysmith: .*Add --yes\. Nothing was changed\.\n$/)
    const refused = await run(['key', 'revoke', id, '--yes'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^keysmith: Deletion protection is on\. .*\n$/)
    expect(await json(['key', 'get', id])).toMatchObject({ status: 'active' })
    const done = await run(['key', 'revoke', id, '--yes', '--override-protection'])
    expect(done).toMatchObject({ code: 0, stdout: `revoked  ${id}   test\n` })
  })
})
