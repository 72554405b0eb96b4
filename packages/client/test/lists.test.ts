import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient, type Key } from '../src/index.ts'
import { answerWith, passOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

const COUNT = 25

let keysmith: Keysmith
let client: Client
let ids: string[]

beforeAll(async () => {
  keysmith = await startKeysmith()
  client = createClient({ baseUrl: keysmith.url, token: keysmith.token })
  ids = []
  for (let count = 0; count < COUNT; count += 1) {
    ids.unshift((await client.keys.create({ name: `k${count}` })).key.id)
  }
})
afterAll(() => keysmith.stop())

/** The client through a proxy that counts, and breaks the answer of one request. */
async function counted(broken = Number.NaN) {
  const forward = passOn(keysmith.url)
  const proxy = await answerWith((request, response) => {
    if (proxy.seen.length === broken) return void response.writeHead(400).end('{}')
    return forward(request, response)
  })
  const { keys } = createClient({ baseUrl: proxy.url, token: keysmith.token })
  return { ...proxy, keys }
}

const idsOf = (items: Key[]) => items.map(({ id }) => id)

describe('a list', () => {
  test('awaited is its first page', async () => {
    const { keys, seen } = await counted()
    const page = await keys.list({ limit: 10 })
    expect(idsOf(page.items)).toEqual(ids.slice(0, 10))
    expect(page.nextCursor).toEqual(expect.any(String))
    expect(seen).toHaveLength(1)
    const rest = await keys.list({ limit: 200, cursor: page.nextCursor ?? '' })
    expect(idsOf(rest.items)).toEqual(ids.slice(10))
    expect(rest.nextCursor).toBeNull()
  })

  test('walked through is all items, with the same filter on each page', async () => {
    const { keys, seen } = await counted()
    const found: Key[] = []
    for await (const key of keys.list({ limit: 10, status: 'active' })) found.push(key)
    expect(idsOf(found)).toEqual(ids)
    expect(seen).toHaveLength(3)
    for (const { path } of seen)
      expect(path).toMatch(/limit=10&status=active|status=active&limit=10/)
  })

  test('gives pages', async () => {
    const { keys, seen } = await counted()
    const sizes: number[] = []
    for await (const { items } of keys.list({ limit: 10 }).pages()) sizes.push(items.length)
    expect(sizes).toEqual([10, 10, 5])
    expect(seen).toHaveLength(3)
  })

  test('gives its first page with the raw answer', async () => {
    const { keys } = await counted()
    const { data, response, requestId } = await keys.list({ limit: 3 }).withResponse()
    expect(idsOf(data.items)).toEqual(ids.slice(0, 3))
    expect(response.status).toBe(200)
    expect(requestId).toBe(response.headers.get('x-request-id'))
    expect(requestId).toMatch(/\S/)
  })

  test('asks nothing before it is used, and no more after a break', async () => {
    const { keys, seen } = await counted()
    const list = keys.list({ limit: 10 })
    expect(seen).toEqual([])
    let count = 0
    for await (const _key of list) {
      count += 1
      if (count === 12) break
    }
    expect(seen).toHaveLength(2)
    for await (const _page of keys.list({ limit: 10 }).pages()) break
    expect(seen).toHaveLength(3)
  })

  test('an error on page 3 comes after the items of the pages before it', async () => {
    const { keys, seen } = await counted(3)
    const found: Key[] = []
    const walk = async () => {
      for await (const key of keys.list({ limit: 10 })) found.push(key)
    }
    await expect(walk()).rejects.toMatchObject({ name: 'ValidationError', status: 400 })
    expect(idsOf(found)).toEqual(ids.slice(0, 20))
    expect(seen).toHaveLength(3)
  })

  test('an error of the first page rejects, in each way of asking', async () => {
    for (const ask of [
      (list: ReturnType<typeof client.keys.list>) => Promise.resolve(list),
      (list: ReturnType<typeof client.keys.list>) => list.finally(() => {}),
      (list: ReturnType<typeof client.keys.list>) => list.withResponse(),
      (list: ReturnType<typeof client.keys.list>) => list.pages().next(),
      (list: ReturnType<typeof client.keys.list>) => list[Symbol.asyncIterator]().next(),
    ]) {
      const { keys } = await counted(1)
      await expect(ask(keys.list())).rejects.toMatchObject({ status: 400 })
    }
  })

  test('each walk begins at the first page', async () => {
    const { keys } = await counted()
    const list = keys.list({ limit: 20 })
    for (let walk = 0; walk < 2; walk += 1) {
      const found: Key[] = []
      for await (const key of list) found.push(key)
      expect(found).toHaveLength(COUNT)
    }
  })

  test('works with Promise.all and then', async () => {
    const list = client.keys.list({ limit: 20 })
    const [page] = await Promise.all([list])
    expect(page.items).toHaveLength(20)
    expect(await list.then(({ items }) => items.length)).toBe(20)
    expect(await list.then(null, () => 'not reached')).toEqual(page)
  })

  test('has catch and finally, as a promise has', async () => {
    const ended: string[] = []
    const list = client.keys.list({ limit: 20 })
    expect(await list.catch(() => 'not reached')).toEqual(await list)
    expect(await list.finally(() => ended.push('good'))).toEqual(await list)
    const broken = client.keys.list({ limit: 0 })
    expect(await broken.catch((error) => error)).toMatchObject({ status: 400 })
    await broken.finally(() => ended.push('bad')).catch(() => ended.push('caught'))
    expect(ended).toEqual(['good', 'bad', 'caught'])
  })
})

describe('an answer', () => {
  test('comes with the raw one, once, and its error is heard of in one place', async () => {
    const { keys, seen } = await counted()
    const call = keys.get(ids[0] ?? '')
    const { data, response } = await call.withResponse()
    expect(data).toEqual(await call)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(seen).toHaveLength(1)
    // An unhandled rejection of the other promise would end the run.
    await expect(keys.get('0000000000000000').withResponse()).rejects.toMatchObject({ status: 404 })
    await new Promise((resolve) => setImmediate(resolve))
  })
})
