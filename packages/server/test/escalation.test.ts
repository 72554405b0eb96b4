import { ALL_PERMISSIONS, MANAGEMENT_PERMISSIONS, RESERVED_PREFIXES } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { liveRoutes } from './_routes.ts'
import { ask, createKey, createToken, startService, type TestService, verify } from './_service.ts'

// Nobody hands out more than he holds (R2 to R4, R6), by whatever way. The oracle below does not know
// how the service compares permissions: it spells every set out over a small world of permissions.

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())

const NAMED = ['a', 'a:b', 'a:b:c', 'a:d', 'ab:c', 'e', 'e:f', 'device:priority']
/** Of each wildcard, one permission that only the wildcard allows: there are always more. */
const UNNAMED = ['a:~', 'a:b:~', 'ab:~', 'e:~', 'device:~', '~']
/** Every permission that a request could ask for, in this world. */
const WORLD = [...NAMED, ...UNNAMED, ...MANAGEMENT_PERMISSIONS, 'keys:~', 'tokens:~']

/** What a list of held permissions amounts to: the permissions of the world that it allows. */
function spellOut(held: readonly string[]): Set<string> {
  const allowed = new Set<string>()
  for (const entry of held) {
    for (const permission of WORLD) {
      const parts = permission.split(':')
      const reserved = (RESERVED_PREFIXES as readonly string[]).includes(parts[0] ?? '')
      if (entry === permission) allowed.add(permission)
      if (entry === '*' && !reserved) allowed.add(permission)
      const prefix = entry.split(':').slice(0, -1)
      const isBelow =
        prefix.length < parts.length && prefix.join() === parts.slice(0, prefix.length).join()
      if (entry.endsWith(':*') && isBelow) allowed.add(permission)
    }
  }
  return allowed
}

const isWithin = (inner: readonly string[], outer: readonly string[]) =>
  [...spellOut(inner)].every((permission) => spellOut(outer).has(permission))

/** Lists for keys: with wildcards, without rights on this API. */
const keyPermission = fc.constantFrom(...NAMED, 'a:*', 'a:b:*', 'ab:*', 'e:*', 'device:*')
const keyPermissions = fc.uniqueArray(keyPermission, { maxLength: 4 })
/** Lists for tokens: also with those rights, and `*`. */
const tokenPermissions = fc.uniqueArray(
  fc.oneof(
    { weight: 3, arbitrary: keyPermission },
    fc.constantFrom('*', ...MANAGEMENT_PERMISSIONS, 'keys:*', 'tokens:*'),
  ),
  { maxLength: 6 },
)

/** A token that may call the route, and holds these permissions besides. */
async function callerWith(permissions: readonly string[], needed: string): Promise<string> {
  const all = [...new Set([...permissions, needed])]
  return (await createToken(service, { permissions: all })).secret
}

test('the oracle knows wildcards, prefixes and reserved rights', () => {
  expect([...spellOut(['a:*'])]).toEqual(['a:b', 'a:b:c', 'a:d', 'a:~', 'a:b:~'])
  expect([...spellOut(['*'])]).toEqual([...NAMED, ...UNNAMED])
  expect(isWithin(['a:*'], ['a:b', 'a:d'])).toBe(false)
  expect(isWithin(['a:b:*'], ['a:*'])).toBe(true)
  expect([...spellOut(['keys:*'])].every((permission) => permission.startsWith('keys:'))).toBe(true)
  expect(spellOut([...ALL_PERMISSIONS]).size).toBe(WORLD.length)
  expect(spellOut([]).size).toBe(0)
})

describe('for random sets of permissions', () => {
  test('a new key holds no more than its creator', async () => {
    let granted = 0
    await fc.assert(
      fc.asyncProperty(tokenPermissions, keyPermissions, async (held, wanted) => {
        const token = await callerWith(held, 'keys:write')
        const body = { name: 'x', permissions: wanted }
        const { status, body: answer } = await ask(service, 'POST', '/v1/keys', { token, body })
        expect(status === 201).toBe(isWithin(wanted, held))
        if (status !== 201) {
          expect([status, answer.code]).toEqual([403, 'missing_permission'])
          return
        }
        granted += 1
        for (const permission of NAMED) {
          const { valid } = await verify(service, answer.secret, { permissions: [permission] })
          if (valid) expect(spellOut(held)).toContain(permission)
        }
      }),
      { numRuns: 150 },
    )
    expect(granted).toBeGreaterThan(10)
  })

  test('an update adds no permission, and widens no bound, that its caller does not hold', async () => {
    const widenings = fc.constantFrom<object>(
      {},
      { allowedModels: null },
      { ipAllowlist: null },
      { notBefore: null },
      { expiresAt: null },
      { expiresInDays: 300 },
    )
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        ...[tokenPermissions, keyPermissions, keyPermissions, widenings],
        async (held: string[], before: string[], wanted: string[], widening: object) => {
          const { key } = await createKey(service, {
            permissions: before,
            allowedModels: ['small'],
            ipAllowlist: ['192.0.2.1'],
            notBefore: new Date(clock + DAY_MS).toISOString(),
          })
          const token = await callerWith(held, 'keys:write')
          const path = `/v1/keys/${key.id}`
          const body = { permissions: wanted, ...widening }
          const { status } = await ask(service, 'PATCH', path, { token, body })
          const { body: after } = await ask(service, 'GET', path)
          if (status === 200) {
            expect(after.permissions).toEqual(wanted)
            const gained = [...spellOut(wanted)].filter((each) => !spellOut(before).has(each))
            expect(isWithin(gained, held)).toBe(true)
            if (Object.keys(widening).length > 0) expect(isWithin(wanted, held)).toBe(true)
          } else {
            refused += 1
            expect(status).toBe(403)
            expect(after.permissions).toEqual(before)
            expect(after.allowedModels).toEqual(['small'])
          }
        },
      ),
      { numRuns: 150 },
    )
    expect(refused).toBeGreaterThan(10)
  })

  test('who cannot give the rights of a key can neither rotate nor enable it', async () => {
    await fc.assert(
      fc.asyncProperty(tokenPermissions, keyPermissions, async (held, permissions) => {
        const { key, secret } = await createKey(service, { permissions, enabled: false })
        const token = await callerWith(held, 'keys:write')
        const allowed = isWithin(permissions, held)
        const call = async (action: string, body?: object) => {
          const path = `/v1/keys/${key.id}/${action}`
          return (await ask(service, 'POST', path, { token, ...(body ? { body } : {}) })).status
        }
        expect(await call('enable')).toBe(allowed ? 200 : 403)
        expect((await verify(service, secret)).code).toBe(allowed ? 'valid' : 'disabled')
        expect(await call('rotate', {})).toBe(allowed ? 200 : 403)
        const { body: after } = await ask(service, 'GET', `/v1/keys/${key.id}`)
        expect(after.permissions).toEqual(permissions)
        expect(after.secrets).toHaveLength(allowed ? 2 : 1)
        // Taking rights away is open to everybody who may write.
        expect(await call('disable')).toBe(200)
        expect(await call('revoke', {})).toBe(200)
      }),
      { numRuns: 80 },
    )
  })

  test('a new token holds no more than its creator, and its children no more than it', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[tokenPermissions, tokenPermissions, tokenPermissions],
        async (held: string[], wanted: string[], further: string[]) => {
          const parent = await callerWith(held, 'tokens:write')
          const rights = [...held, 'tokens:write']
          const create = (token: string, permissions: string[]) =>
            ask(service, 'POST', '/v1/tokens', { token, body: { name: 'x', permissions } })
          const child = await create(parent, wanted)
          expect(child.status).toBe(isWithin(wanted, rights) ? 201 : 403)
          if (child.status !== 201) return
          const grandchild = await create(child.body.secret, further)
          if (grandchild.status === 201) expect(isWithin(further, wanted)).toBe(true)
          if (grandchild.status === 201) expect(isWithin(further, rights)).toBe(true)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('rights on this API', () => {
  test('cannot be held by an issued key, whoever creates or changes it', async () => {
    const { key } = await createKey(service)
    const reserved = [
      ...RESERVED_PREFIXES.map((prefix) => `${prefix}:*`),
      ...MANAGEMENT_PERMISSIONS,
    ]
    for (const permission of [...reserved, ...RESERVED_PREFIXES, 'keys:write:x', 'keys:read:*']) {
      const body = { name: 'x', permissions: ['a', permission] }
      for (const answer of [
        await ask(service, 'POST', '/v1/keys', { body }),
        await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body }),
      ]) {
        expect(answer.status, permission).toBe(400)
        expect(answer.body.fields).toMatchObject([{ path: 'permissions/1' }])
      }
    }
    const { body } = await ask(service, 'GET', `/v1/keys/${key.id}`)
    expect(body.permissions).toEqual([])
  })

  test('are not part of *: who may give away all permissions of keys may call nothing', async () => {
    const { secret: token } = await createToken(service, { permissions: ['*'] })
    for (const { access, method, url } of liveRoutes(service)) {
      if (['public', 'local', 'authenticated'].includes(access)) continue
      const answer = await ask(service, method as 'GET', url.replace(':id', generateId()), {
        token,
      })
      expect(answer.status, url).toBe(403)
    }
    const body = { name: 'x', permissions: ['keys:read'] }
    const maker = await callerWith(['*'], 'tokens:write')
    expect((await ask(service, 'POST', '/v1/tokens', { token: maker, body })).status).toBe(403)
  })

  test('are not reached by an issued key, whatever it holds', async () => {
    const { secret } = await createKey(service, { permissions: ['a:*', 'device:*'] })
    for (const { access, method, url } of liveRoutes(service)) {
      if (access === 'public' || access === 'local') continue
      const path = url.replace(':id', generateId())
      expect((await ask(service, method as 'GET', path, { token: secret })).status, url).toBe(401)
    }
  })
})

describe('a token of one project', () => {
  async function boundToken(permissions: readonly string[] = ALL_PERMISSIONS) {
    const body = { name: `p-${generateId()}`, deletionProtection: false }
    const { body: project } = await ask(service, 'POST', '/v1/projects', { body })
    const { secret } = await createToken(service, { permissions, project: project.id })
    return { project: project.id as string, token: secret }
  }

  test('makes tokens and keys of its project only, with every right there is', async () => {
    const { project, token } = await boundToken()
    const elsewhere = (await boundToken()).project
    const make = (path: string, body: object) => ask(service, 'POST', path, { token, body })
    const body = { name: 'x', permissions: [...ALL_PERMISSIONS] }
    expect((await make('/v1/tokens', body)).body.token.project).toBe(project)
    expect((await make('/v1/keys', { name: 'x' })).body.key.project).toBe(project)
    for (const other of [elsewhere, 'default', generateId()]) {
      expect((await make('/v1/tokens', { ...body, project: other })).status, other).toBe(404)
      expect((await make('/v1/keys', { name: 'x', project: other })).status, other).toBe(404)
    }
    expect((await make('/v1/tokens', { ...body, project: null })).status).toBe(400)
  })

  test('makes no project', async () => {
    const { token } = await boundToken()
    const body = { name: `p-${generateId()}` }
    const answer = await ask(service, 'POST', '/v1/projects', { token, body })
    expect([answer.status, answer.body.code]).toEqual([403, 'missing_permission'])
    const { body: page } = await ask(service, 'GET', `/v1/projects?name=${body.name}`)
    expect(page.items).toEqual([])
  })

  test('cannot use the id of a foreign key, nor learn whose it is', async () => {
    const { token } = await boundToken()
    const foreign = await createKey(service)
    const body = { name: 'x', id: foreign.key.id, secretSha256: 'a'.repeat(64) }
    const taken = await ask(service, 'POST', '/v1/keys', { token, body })
    expect([taken.status, taken.body.code]).toEqual([409, 'id_taken'])
    expect(taken.text).not.toContain(foreign.key.id)
    expect((await verify(service, foreign.secret)).code).toBe('valid')
  })
})

describe('a token that ends', () => {
  test('makes none that lives longer, by date, by days or without an end', async () => {
    const end = clock + 10 * DAY_MS
    const { secret: token } = await createToken(service, {
      permissions: ['tokens:write'],
      expiresAt: new Date(end).toISOString(),
    })
    const make = (expiry: object) =>
      ask(service, 'POST', '/v1/tokens', {
        token,
        body: { name: 'x', permissions: ['tokens:write'], ...expiry },
      })
    for (const [expiry, status] of [
      [{ expiresAt: new Date(end + 1).toISOString() }, 422],
      [{ expiresInDays: 11 }, 422],
      [{ expiresAt: new Date(end).toISOString() }, 201],
      [{ expiresInDays: 10 }, 201],
      [{ expiresInDays: 1 }, 201],
      [{ expiresAt: null }, 201],
      [{}, 201],
    ] as const) {
      const answer = await make(expiry)
      expect(answer.status, JSON.stringify(expiry)).toBe(status)
      if (status === 201) expect(Date.parse(answer.body.token.expiresAt)).toBeLessThanOrEqual(end)
    }
    const { body: heir } = await make({})
    clock = end - 1
    expect((await ask(service, 'GET', '/v1/whoami', { token: heir.secret })).status).toBe(200)
    clock = end
    for (const secret of [token, heir.secret]) {
      expect((await ask(service, 'GET', '/v1/whoami', { token: secret })).status).toBe(401)
    }
    clock = NOW
  })
})

test('whoever lacks a permission of a key can shorten the life of its older secret, not lengthen it', async () => {
  const { key } = await createKey(service, { permissions: ['jobs:write'] })
  const path = `/v1/keys/${key.id}`
  await ask(service, 'POST', `${path}/rotate`, { body: { overlapSeconds: 600 } })
  const { secret: token } = await createToken(service, { permissions: ['keys:write'] })
  const move = (overlapSeconds: number) =>
    ask(service, 'POST', `${path}/overlap`, { body: { overlapSeconds }, token })
  expect((await move(601)).body.code).toBe('missing_permission')
  expect((await move(599)).status).toBe(200)
  expect((await move(0)).status).toBe(200)
})

describe('inert stays inert', () => {
  test('a key without permissions has none, and no update gives it one unasked', async () => {
    const { key, secret } = await createKey(service)
    const path = `/v1/keys/${key.id}`
    for (const body of [{ name: 'y' }, { metadata: { role: 'admin' } }, { owner: 'root' }]) {
      await ask(service, 'PATCH', path, { body })
      for (const permission of NAMED) {
        const { code } = await verify(service, secret, { permissions: [permission] })
        expect(code).toBe('missing_permission')
      }
    }
    const { body: rotated } = await ask(service, 'POST', `${path}/rotate`, { body: {} })
    expect(rotated.key.permissions).toEqual([])
  })

  test('a token without permissions may ask who it is, and nothing else', async () => {
    const { secret: token } = await createToken(service, { permissions: [] })
    const statuses = await Promise.all(
      liveRoutes(service)
        .filter(({ access }) => access !== 'public' && access !== 'local')
        .map(async ({ method, url }) => {
          const path = url.replace(':id', generateId())
          return [url, (await ask(service, method as 'GET', path, { token })).status]
        }),
    )
    const allowed = statuses.filter(([, status]) => status !== 403)
    expect(allowed).toEqual([
      ['/v1/whoami', 200],
      ['/v1/meta', 200],
    ])
  })

  test('null models are all models, an empty list is none, and an update keeps which it was', async () => {
    for (const [allowedModels, code] of [
      [null, 'valid'],
      [[], 'model_not_allowed'],
    ] as const) {
      const { key, secret } = await createKey(service, { allowedModels })
      const path = `/v1/keys/${key.id}`
      await ask(service, 'PATCH', path, { body: { name: 'y', tags: { a: 'b' } } })
      await ask(service, 'POST', `${path}/rotate`, { body: {} })
      expect((await verify(service, secret, { model: 'm' })).code).toBe(code)
      expect((await ask(service, 'GET', path)).body.allowedModels).toEqual(allowedModels)
    }
  })

  test('the body of a rotation has no field for rights', () => {
    const route = liveRoutes(service).find(({ operationId }) => operationId === 'keys.rotate')
    const fields = Object.keys(route?.schema.body?.properties ?? {}).toSorted()
    expect(fields).toEqual(['id', 'overlapSeconds', 'replaces', 'secretSha256'])
  })

  test('overriding the protection of a key needs a right of its own', async () => {
    const { key, secret } = await createKey(service, { deletionProtection: true })
    const path = `/v1/keys/${key.id}/revoke`
    const writer = await callerWith([], 'keys:write')
    const override = { token: writer, body: { overrideProtection: true } }
    expect((await ask(service, 'POST', path, override)).status).toBe(403)
    expect((await ask(service, 'POST', path, { token: writer, body: {} })).status).toBe(409)
    expect((await verify(service, secret)).code).toBe('valid')
    const keeper = await callerWith(['keys:override_protection'], 'keys:write')
    expect((await ask(service, 'POST', path, { ...override, token: keeper })).status).toBe(200)
    expect((await verify(service, secret)).code).toBe('revoked')
  })
})
