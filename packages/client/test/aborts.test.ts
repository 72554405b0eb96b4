import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type Client, type ClientOptions, createClient, ServerError } from '../src/index.ts'
import { acceptWith, always, answerWith } from './_between.ts'

const REASONS: [string, unknown][] = [
  ['an Error', new Error('the user went away')],
  ['a text', 'no longer needed'],
  ['null', null],
  ['a DOMException', new DOMException('late', 'TimeoutError')],
]

const SECRET = 'no matter'
const never = () => new Promise<string>(() => {})

function clientOf(baseUrl: string, more: Partial<ClientOptions> = {}): Client {
  return createClient({ baseUrl, token: 't', verify: { precheck: 'off' }, ...more })
}

/** A server in every state in which an abort can meet a call, and when that state is reached. */
const STAGES: Record<string, (reached: () => void) => Promise<Client>> = {
  'while the token function runs': async (reached) => {
    const token = () => {
      reached()
      return never()
    }
    return clientOf('http://127.0.0.1:1', { token })
  },
  'in flight, before the headers of the answer': async (reached) => {
    const { url } = await answerWith(reached)
    return clientOf(url)
  },
  'while the body streams': async (reached) => {
    const { url } = await answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"id":', () => setImmediate(reached))
    })
    return clientOf(url)
  },
  'during the wait after a failure': async (reached) => {
    const { url } = await answerWith(always(503, '', { 'retry-after': '2' }))
    // The failure is logged when the attempt is over.
    return clientOf(url, { logger: { debug: () => {}, warn: () => setImmediate(reached) } })
  },
}

const CALLS: Record<string, (client: Client, signal: AbortSignal) => PromiseLike<unknown>> = {
  read: (client, signal) => client.keys.get('a', { signal }),
  write: (client, signal) => client.keys.create({ name: 'a' }, { signal }),
  list: (client, signal) => client.keys.list({}, { signal }),
  verify: (client, signal) => client.verify(SECRET, {}, { signal }),
}

describe.each(Object.entries(STAGES))('an abort %s', (_stage, prepare) => {
  test.each(Object.entries(CALLS))(
    'rejects with the reason of the caller: %s',
    async (_name, call) => {
      for (const [, reason] of REASONS) {
        let reached = () => {}
        const isReached = new Promise<void>((resolve) => {
          reached = resolve
        })
        const client = await prepare(reached)
        const controller = new AbortController()
        const outcome = Promise.resolve(call(client, controller.signal)).then(
          () => ({ resolved: true }),
          (error) => ({ error }),
        )
        await isReached
        controller.abort(reason)
        expect(await outcome).toEqual({ error: reason })
        expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      }
    },
  )
})

describe('an abort', () => {
  test('without a reason is the AbortError of the platform', async () => {
    const { url } = await answerWith(() => controller.abort())
    const controller = new AbortController()
    const { signal } = controller
    await expect(clientOf(url).whoami({ signal })).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('of the last attempt is an abort, not a timeout', async () => {
    const { url } = await answerWith(() => controller.abort('gone'))
    let controller = new AbortController()
    for (const call of [
      (signal: AbortSignal) => clientOf(url).whoami({ signal, maxRetries: 0 }),
      (signal: AbortSignal) => clientOf(url).verify(SECRET, {}, { signal, maxRetries: 0 }),
      (signal: AbortSignal) => clientOf(url).keys.update('a', { name: 'b' }, { signal }),
    ]) {
      controller = new AbortController()
      await expect(call(controller.signal)).rejects.toBe('gone')
    }
  })

  test('before the call sends nothing', async () => {
    const { url, seen } = await answerWith(always(200, {}))
    const reason = new Error('too late')
    const signal = AbortSignal.abort(reason)
    for (const call of Object.values(CALLS)) {
      await expect(Promise.resolve(call(clientOf(url), signal))).rejects.toBe(reason)
    }
    expect(seen).toEqual([])
  })

  test('during the wait sends no further attempt', async () => {
    const controller = new AbortController()
    const { url, seen } = await answerWith(always(503, '', { 'retry-after': '1' }))
    const warn = () => setImmediate(() => controller.abort(new Error('stop')))
    const client = clientOf(url, { logger: { debug: () => {}, warn } })
    await expect(client.whoami({ signal: controller.signal })).rejects.toThrow('stop')
    expect(seen).toHaveLength(1)
  })

  test('closes the connection of the request', async () => {
    const controller = new AbortController()
    const closed = Promise.withResolvers<void>()
    const { url } = await acceptWith((socket) => {
      socket.once('close', () => closed.resolve())
      socket.once('data', () => controller.abort(new Error('stop')))
    })
    const { signal } = controller
    await expect(clientOf(url).keys.create({ name: 'a' }, { signal })).rejects.toThrow('stop')
    await closed.promise
  })

  test('of the list ends the walk through its pages', async () => {
    const controller = new AbortController()
    const { url, seen } = await answerWith(always(200, { items: [1, 2], nextCursor: 'more' }))
    const walk = async () => {
      for await (const _key of clientOf(url).keys.list({}, { signal: controller.signal })) {
        if (seen.length === 2) controller.abort(new Error('enough'))
      }
    }
    await expect(walk()).rejects.toThrow('enough')
    expect(seen).toHaveLength(2)
  })

  test('between an attempt and the wait after it ends the wait before it begins', async () => {
    const { url, seen } = await answerWith(always(503, '', { 'retry-after': '25' }))
    const controller = new AbortController()
    // A failure is logged when its attempt is over.
    const logger = { debug: () => {}, warn: () => controller.abort('enough') }
    const call = clientOf(url, { logger }).whoami({ signal: controller.signal })
    await expect(call).rejects.toBe('enough')
    expect(seen).toHaveLength(1)
  }, 10_000)

  test('after the answer changes nothing', async () => {
    const controller = new AbortController()
    const { url } = await answerWith(always(200, { id: 'a' }))
    const key = clientOf(url).keys.get('a', { signal: controller.signal })
    expect(await key).toEqual({ id: 'a' })
    controller.abort()
    expect(await key).toEqual({ id: 'a' })
  })
})

test('a signal that lives long collects no listeners: success, error, repetition, timeout', async () => {
  const { signal } = new AbortController()
  const good = await answerWith(always(200, { items: [], nextCursor: null }))
  const bad = await answerWith(always(404, {}))
  const passing = await answerWith(always(503, '', { 'retry-after': '0' }))
  const hanging = await answerWith(() => {})
  for (let count = 0; count < 20; count += 1) {
    await clientOf(good.url).keys.list({}, { signal })
    await clientOf(bad.url)
      .whoami({ signal })
      .catch(() => {})
    await clientOf(passing.url)
      .whoami({ signal })
      .catch(() => {})
    await clientOf(hanging.url)
      .whoami({ signal, timeoutMs: 1, maxRetries: 0 })
      .catch(() => {})
  }
  expect(passing.seen).toHaveLength(60)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

describe('the time limit holds when the server hangs', () => {
  const TIMEOUT_MS = 40
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n'

  const HANGS: Record<string, () => Promise<string>> = {
    'before it answers': async () => (await acceptWith(() => {})).url,
    'in the headers': async () =>
      (await acceptWith((socket) => void socket.write('HTTP/1.1 200 OK\r\nserver: slow'))).url,
    'before the body': async () =>
      (await acceptWith((socket) => void socket.write(`${HEAD}\r\n`))).url,
    'in the body': async () =>
      (await acceptWith((socket) => void socket.write(`${HEAD}\r\n{"id":`))).url,
    'in the body of an error': async () =>
      (
        await acceptWith(
          (socket) => void socket.write(`HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n<`),
        )
      ).url,
  }

  test.each(Object.entries(HANGS))('%s', async (_where, start) => {
    const url = await start()
    const attempts: object[] = []
    const logger = { debug: () => {}, warn: (fields: object) => attempts.push(fields) }
    const verify = { precheck: 'off' as const, timeoutMs: TIMEOUT_MS, maxRetries: 1 }
    const client = clientOf(url, { timeoutMs: TIMEOUT_MS, maxRetries: 2, logger, verify })
    for (const call of [() => client.keys.get('a'), () => client.verify(SECRET)]) {
      await expect(call()).rejects.toMatchObject({ code: 'timeout', timeoutMs: TIMEOUT_MS })
    }
    expect(attempts).toHaveLength(3 + 2)
  })

  test('a fetch and a token that do not listen to their signal are left behind', async () => {
    const deaf = clientOf('http://127.0.0.1:1', { fetch: never as unknown as typeof fetch })
    const slow = clientOf('http://127.0.0.1:1', { token: never })
    for (const client of [deaf, slow]) {
      const call = client.whoami({ timeoutMs: 5, maxRetries: 1 })
      await expect(call).rejects.toMatchObject({ code: 'timeout', timeoutMs: 5 })
    }
  })

  test.each([2 ** 31 - 1, 2 ** 31, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
    'a limit of %d ms, longer than a timer can be, is not over at once',
    async (timeoutMs) => {
      const { url } = await answerWith(async (_request, response) => {
        await new Promise((resolve) => setTimeout(resolve, 30))
        response.end('{"id":"a"}')
      })
      const client = clientOf(url, { timeoutMs, maxRetries: 0 })
      expect(await client.keys.get('a')).toEqual({ id: 'a' })
    },
  )

  test('the limit of a call wins over that of the client', async () => {
    const { url } = await answerWith(() => {})
    const client = clientOf(url, { timeoutMs: 9999, maxRetries: 0 })
    await expect(client.whoami({ timeoutMs: 7 })).rejects.toMatchObject({ timeoutMs: 7 })
    await expect(client.verify(SECRET, {}, { timeoutMs: 8, maxRetries: 0 })).rejects.toMatchObject({
      timeoutMs: 8,
    })
  })

  test('a slow answer within the limit is an answer, and the limit is of each attempt', async () => {
    const { url, seen } = await answerWith(async ({ headers }, response) => {
      await new Promise((resolve) => setTimeout(resolve, 250))
      response.writeHead(headers['x-keysmith-attempt'] === '3' ? 200 : 503, { 'retry-after': '0' })
      response.end('{}')
    })
    // Three attempts take longer than the limit of one.
    await clientOf(url, { timeoutMs: 740 }).whoami()
    expect(seen).toHaveLength(3)
    await expect(clientOf(url).whoami({ maxRetries: 0 })).rejects.toBeInstanceOf(ServerError)
  })
})
