import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService } from './_service.ts'

const NOW = Date.UTC(2026, 5, 1)

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
  // Many records of one millisecond, then some of later ones: the order must be total.
  for (let index = 0; index < 30; index += 1) {
    if (index > 20) clock += 1
    await createKey(service, { name: `key-${index}` })
    await createToken(service, { permissions: [] })
    await ask(service, 'POST', '/v1/projects', { body: { name: `p${index}` } })
    await ask(service, 'POST', '/v1/policies', { body: { name: `p${index}` } })
  }
})
afterAll(() => service.close())

async function walk(path: string, limit: number): Promise<{ id: string; createdAt: string }[]> {
  const items: { id: string; createdAt: string }[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const { status, body } = await ask(service, 'GET', `${path}?limit=${limit}${query}`)
    expect(status).toBe(200)
    expect(body.items.length).toBeLessThanOrEqual(limit)
    items.push(...body.items)
    cursor = body.nextCursor
  }
  return items
}

test.each(['/v1/keys', '/v1/policies', '/v1/tokens', '/v1/projects', '/v1/audit-events'])(
  '%s gives every record once, newest first, whatever the size of the pages',
  async (path) => {
    const all = await walk(path, 200)
    expect(all.length).toBeGreaterThanOrEqual(30)
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    const times = all.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().toReversed())
    for (const limit of [1, 2, 7, 30, 31]) expect(await walk(path, limit)).toEqual(all)
  },
)

test('a record that is made during the walk is not put in front of what was seen', async () => {
  const { body: first } = await ask(service, 'GET', '/v1/keys?limit=5')
  await createKey(service, { name: 'late' })
  const { body: next } = await ask(service, 'GET', `/v1/keys?limit=200&cursor=${first.nextCursor}`)
  const seen = new Set(first.items.map(({ id }: { id: string }) => id))
  expect(next.items.some(({ id }: { id: string }) => seen.has(id))).toBe(false)
  expect(next.items.some(({ name }: { name: string }) => name === 'late')).toBe(false)
})
