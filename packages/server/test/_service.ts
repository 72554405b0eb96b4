import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALL_PERMISSIONS } from '@keysmith/contract'
import { generateKey } from '@keysmith/key-format'
import { onTestFinished } from 'vitest'
import { buildService, type Service, type ServiceOptions } from '../src/app.ts'
import { type Config, readConfig } from '../src/config.ts'
import { createLog } from '../src/log.ts'

export interface TestService extends Service {
  dataDir: string
  /** Secret of a management token with every permission. */
  rootToken: string
  /** Every line that was logged. */
  logLines: string[]
}

/** A new empty folder that is removed when the test (or the hook's suite) ends. */
export function tempFolder(): string {
  return mkdtempSync(join(tmpdir(), 'keysmith-test-'))
}

/**
 * The whole service on a real SQLite file in a folder of its own, without a port: ask it with
 * `inject`. It closes itself when the test ends; in `beforeAll`, close it yourself.
 */
export async function startService(
  overrides: Partial<Omit<ServiceOptions, 'config'>> & {
    config?: Partial<Config>
    closeItself?: boolean
  } = {},
): Promise<TestService> {
  const { config, closeItself = true, ...rest } = overrides
  const dataDir = config?.dataDir ?? tempFolder()
  const rootToken = generateKey({ brand: 'ks', kind: 'root' }).secret
  const logLines: string[] = []
  const service = await buildService({
    config: { ...readConfig({}).config, ...config, dataDir },
    secrets: { pepper: null, bootstrapToken: rootToken },
    log: createLog(
      { logLevel: 'trace', logFormat: 'json' },
      { write: (line) => logLines.push(line) },
    ),
    onFatal: (message) => {
      throw new Error(`fatal: ${message}`)
    },
    // Tests fail on purpose, and often, on busy machines; both shields have tests of their own.
    maxAuthFailuresPerMinute: 1_000_000,
    maxLoopDelayMs: 0,
    ...rest,
  })
  const close = async () => {
    await service.close()
    // A folder that the test brought along is the test's: it may start another service on it.
    if (config?.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  if (closeItself) onTestFinished(close)
  return { ...service, close, dataDir, rootToken, logLines }
}

export interface Answer {
  status: number
  headers: Record<string, unknown>
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into bodies of every shape
  body: any
  text: string
}

/** One request through the public door. `token` defaults to the one with every permission. */
export async function ask(
  service: TestService,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT',
  url: string,
  options: {
    body?: unknown
    token?: string | null
    headers?: Record<string, string>
  } = {},
): Promise<Answer> {
  const { body, token = service.rootToken, headers = {} } = options
  const response = await service.app.inject({
    method,
    url,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  })
  const isJson = String(response.headers['content-type'] ?? '').includes('json')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson ? response.json() : response.body,
    text: response.body,
  }
}

/** Creates a key and gives its record and secret. */
export async function createKey(service: TestService, body: Record<string, unknown> = {}) {
  const { body: answer } = await ask(service, 'POST', '/v1/keys', {
    body: { name: 'test', ...body },
  })
  return answer as { key: { id: string; secretVersion: number; project: string }; secret: string }
}

/** Creates a management token and gives its record and secret. */
export async function createToken(service: TestService, body: Record<string, unknown> = {}) {
  const { body: answer } = await ask(service, 'POST', '/v1/tokens', {
    body: { name: 'test', permissions: [...ALL_PERMISSIONS], ...body },
  })
  return answer as { token: { id: string }; secret: string }
}

/** The verdict of a verification. */
export async function verify(
  service: TestService,
  secret: string,
  question: Record<string, unknown> = {},
  token?: string,
) {
  const options = { body: { secret, ...question }, ...(token === undefined ? {} : { token }) }
  return (await ask(service, 'POST', '/v1/verify', options)).body
}
