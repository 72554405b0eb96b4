import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { redactKeys } from '@keysmith/key-format'
import { afterAll, beforeAll, expect } from 'vitest'
import { type CommandResult, keysmith, type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

export interface Caller {
  root: string
  server: () => RunningServer
  /** The settings of a caller who may do everything. */
  settings: () => Record<string, string>
  /** Runs a command as that caller. */
  run: (args: string[], input?: string) => Promise<CommandResult>
  /** The same for an answer in JSON: the command must have succeeded. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
  json: (args: string[], input?: string) => Promise<any>
  /** Creates a key and gives its id and secret. */
  createKey: (...options: string[]) => Promise<{ id: string; secret: string }>
}

/** One real server for the tests of a file, and commands that ask it from outside. */
export function useCaller(): Caller {
  const root = tempFolder()
  let server: RunningServer
  beforeAll(async () => {
    server = await serve({ dataDir: join(root, 'data') })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  })
  const settings = () => ({ KEYSMITH_ENDPOINT: server.url, KEYSMITH_TOKEN: server.token })
  const run: Caller['run'] = (args, input) =>
    keysmith(args, settings(), { timeout: 30_000, ...(input === undefined ? {} : { input }) })
  const json: Caller['json'] = async (args, input) => {
    const { code, stdout, stderr } = await run([...args, '--json'], input)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    return JSON.parse(stdout)
  }
  const createKey: Caller['createKey'] = async (...options) => {
    const { key, secret } = await json(['key', 'create', '--name', 'test', ...options])
    return { id: key.id, secret }
  }
  return { root, server: () => server, settings, run, json, createKey }
}

/** Nothing that a secret could be read from. */
export function expectNoSecret(...outputs: string[]) {
  for (const output of outputs) expect(redactKeys(output)).toBe(output)
}
