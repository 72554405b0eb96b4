import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createClient } from '../src/index.ts'
import { answerWith, passOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

// `mint: 'client'`: the secret is made in this process and never travels.

let keysmith: Keysmith
let client: Client

beforeAll(async () => {
  keysmith = await startKeysmith()
  client = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

/** Records all that goes over the wire, and loses the answers to POST that it is told to lose. */
async function recorder(lost: number) {
  const forward = passOn(keysmith.url)
  const answers: string[] = []
  let left = lost
  const proxy = await answerWith(async (request, response) => {
    const end = response.end.bind(response)
    const isLost = request.method === 'POST' && left-- > 0
    response.end = ((text: string) => {
      answers.push(text)
      return isLost ? response.destroy() : end(text)
    }) as typeof response.end
    await forward(request, response)
  })
  return { ...proxy, wire: () => JSON.stringify([proxy.seen, answers]) }
}

test.each([0, 1])(
  'create and rotate with %i lost answers: one key, one version, and no secret on the wire',
  async (lost) => {
    const creating = await recorder(lost)
    const minting = (baseUrl: string) => createClient({ baseUrl, token: keysmith.token })
    const name = `minted-${lost}`
    const { key, secret } = await minting(creating.url).keys.create({
      name,
      mint: 'client',
      environment: 'test',
    })
    expect((await client.keys.list()).items.filter((each) => each.name === name)).toHaveLength(1)
    expect(await client.verify(secret)).toMatchObject({ code: 'valid', key: { id: key.id } })
    expect(secret).toMatch(new RegExp(`^ks_test_1${key.id}_`))
    expect(creating.seen.filter(({ method }) => method === 'POST')).toHaveLength(1 + lost)

    const rotating = await recorder(lost)
    const rotated = await minting(rotating.url).keys.rotate(key.id, {
      mint: 'client',
      overlapSeconds: 60,
    })
    expect(rotated.key.secrets).toHaveLength(2)
    expect(rotated.secret).not.toBe(secret)
    expect(rotated.secret).toMatch(new RegExp(`^ks_test_1${key.id}_`))
    for (const each of [secret, rotated.secret]) {
      expect((await client.verify(each)).code).toBe('valid')
      const random = each.slice(-49)
      for (const { wire } of [creating, rotating]) expect(wire()).not.toContain(random)
    }
  },
)

test('has the brand of its project, and a restricted key stays restricted', async () => {
  const project = await client.projects.create({ name: 'branded', brand: 'acme' })
  const { key, secret } = await client.keys.create({
    name: 'a',
    project: project.id,
    mint: 'client',
    permissions: ['jobs:write'],
  })
  expect(secret.startsWith(`acme_live_1${key.id}_`)).toBe(true)
  expect(key.permissions).toEqual(['jobs:write'])
  const rotated = await client.keys.rotate(key.id, { mint: 'client' })
  expect(rotated.secret.startsWith('acme_live_1')).toBe(true)
  expect(rotated.key).toMatchObject({ id: key.id, permissions: ['jobs:write'] })
})
