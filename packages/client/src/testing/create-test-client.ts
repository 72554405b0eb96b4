import { type Client, createClient } from '../client.ts'
import type { ErrorCode, Project } from '../types.gen.ts'
import { FakeProblem } from './fake-problem.ts'
import { createFakeService } from './fake-service.ts'
import { iso } from './fake-time.ts'

export interface TestClientOptions {
  /** The clock of the fake in epoch ms. Default: the real one. */
  now?: (() => number) | undefined
  /** Fakes of one seed make the same ids and secrets in the same order. Default 1. */
  seed?: number | undefined
}

/** What a test does to the fake. */
export interface Fake {
  /** Every call is answered with a problem of this status, until `recover`. */
  fail(status: FailureStatus): void
  /** Every call fails as if nothing listened, until `recover`. */
  offline(): void
  recover(): void
}

export type FailureStatus = keyof typeof FAILURES
export type TestClient = Client & { fake: Fake }

const FAILURES = {
  401: 'unauthenticated',
  403: 'missing_permission',
  429: 'rate_limited',
  500: 'internal',
  503: 'storage_unavailable',
} satisfies Record<number, ErrorCode>

/**
 * A real client whose service is a fake in memory, for tests: no network, and no retries to wait for. Its
 * secrets are guessable. Each client has a fake of its own, with one empty project named `default`.
 */
export function createTestClient({ now = Date.now, seed = 1 }: TestClientOptions = {}): TestClient {
  const random = seededBytes(seed)
  const service = createFakeService({ now, random, project: defaultProject(now()) })
  let answer = service
  const client = createClient({
    baseUrl: 'http://keysmith.test',
    maxRetries: 0,
    verify: { maxRetries: 0, precheck: 'off' },
    fetch: (input, init) =>
      answer(init?.method ?? 'GET', new URL(String(input)), String(init?.body ?? '{}')),
  })
  const fake: Fake = {
    fail: (status) => {
      answer = async () => new FakeProblem(status, FAILURES[status]).response
    },
    offline: () => {
      answer = () => Promise.reject(new TypeError('offline', { cause: { code: 'ECONNREFUSED' } }))
    },
    recover: () => {
      answer = service
    },
  }
  return { ...client, fake }
}

function defaultProject(now: number): Project {
  return {
    id: '0000000000000000',
    name: 'default',
    description: null,
    brand: 'ks',
    enabled: true,
    deletionProtection: true,
    defaultRateLimits: {},
    defaultQuotas: {},
    maxLifetimeSeconds: null,
    models: [],
    specialPermissions: [{ name: 'device:priority', label: 'Priority over my device' }],
    allowedDelivery: null,
    reservationExpiry: 'released',
    createdAt: iso(now),
    updatedAt: iso(now),
  }
}

/** The generator of Park and Miller: the same bytes on every platform, and no secret at all. */
function seededBytes(seed: number): (bytes: number) => Uint8Array {
  let state = seed
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state >>> 8
  }
  return (bytes) => Uint8Array.from({ length: bytes }, next)
}
