import { createClient } from '@keysmith/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Converted } from './convert.ts'
import { sendLines } from './send.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function* oneLine(): AsyncGenerator<Converted> {
  const body = { secretSha256: 'a'.repeat(64), name: 'x' }
  yield { line: 1, body, dropped: [], isWeak: false }
}

test('a service that never answers is given up within two minutes', async () => {
  const fetch = () => new Promise<never>(() => {})
  const client = createClient({ baseUrl: 'http://127.0.0.1:1', token: 'x', fetch })
  const given = sendLines(client, oneLine(), {}).catch((error: { code: string }) => error.code)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(await Promise.race([given, 'still waiting'])).toBe('timeout')
})
