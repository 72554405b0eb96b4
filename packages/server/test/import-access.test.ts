import { describe, expect, test } from 'vitest'
import {
  createProject,
  FAST,
  foreignString,
  getKey,
  importLines,
  importOne,
  lineOf,
  listKeys,
} from './_import.ts'
import { ask, createToken, startService } from './_service.ts'

describe('who may import', () => {
  test('a token of one project imports into it, and into no other', async () => {
    const service = await startService()
    const [own, foreign] = [
      await createProject(service, 'own'),
      await createProject(service, 'foreign'),
    ]
    const token = (await createToken(service, { permissions: ['keys:import'], project: own }))
      .secret
    const id = await importOne(service, foreignString(), { query: FAST, token })
    expect((await getKey(service, id)).project).toBe(own)
    for (const project of [foreign, 'foreign', 'nowhere']) {
      const query = `?project=${project}`
      const { status, body } = await importLines(service, [lineOf('x')], { query, token })
      expect([status, body.code]).toEqual([404, 'project_not_found'])
    }
  })

  test('nobody hands out what he does not hold: such a line is refused, the others go on', async () => {
    const service = await startService()
    const permissions = ['keys:import', 'jobs:*']
    const token = (await createToken(service, { permissions })).secret
    const wishes = [['jobs:write'], ['other:write'], ['jobs:*', 'other'], []]
    const { body } = await importLines(
      service,
      wishes.map((wish) => lineOf(foreignString(), { permissions: wish })),
      { query: FAST, token },
    )
    const codes = body.lines.map(({ code }: { code?: string }) => code)
    expect(codes).toEqual([undefined, 'missing_permission', 'missing_permission', undefined])
    expect(await listKeys(service)).toHaveLength(2)
  })

  test('the right to write keys is none to import them', async () => {
    const service = await startService()
    const token = (await createToken(service, { permissions: ['keys:write', '*'] })).secret
    const { status, body } = await importLines(service, [lineOf('x')], { token })
    expect([status, body.code]).toEqual([403, 'missing_permission'])
  })
})

describe('precheck and brand', () => {
  test('follow the project that is asked about, and the scope of the token', async () => {
    const service = await startService()
    const own = await createProject(service, 'own')
    await createProject(service, 'other')
    const bound = (await createToken(service, { permissions: [], project: own })).secret
    const meta = async (query = '', token?: string) => {
      const { body } = await ask(service, 'GET', `/v1/meta${query}`, token ? { token } : {})
      return [body.precheck, body.brand]
    }
    const all = async () => [
      await meta(),
      await meta('?project=own'),
      await meta('?project=other'),
      await meta('', bound),
    ]
    expect(await all()).toEqual([
      ['on', 'ks'],
      ['on', 'pay'],
      ['on', 'pay'],
      ['on', 'pay'],
    ])
    await importOne(service, foreignString(), { query: '?project=other&entropyBits=128' })
    expect(await all()).toEqual([
      ['off', 'ks'],
      ['on', 'pay'],
      ['off', 'pay'],
      ['on', 'pay'],
    ])
    await importOne(service, foreignString(), { query: '?project=own' })
    expect(await all()).toEqual([
      ['off', 'ks'],
      ['off', 'pay'],
      ['off', 'pay'],
      ['off', 'pay'],
    ])
    for (const [project, token] of [
      ['other', bound],
      ['nowhere', undefined],
    ] as const) {
      const { status, body } = await ask(
        service,
        'GET',
        `/v1/meta?project=${project}`,
        token ? { token } : {},
      )
      expect([status, body.code]).toEqual([404, 'project_not_found'])
    }
    expect((await ask(service, 'GET', '/v1/meta')).body.features).toContain('import')
  })
})
