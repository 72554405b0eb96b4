import { request } from 'node:http'
import type { Problem } from '@keysmith/contract'
import { EXIT, StartRefused } from '../exit.ts'

export interface Question {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: unknown
  /** Milliseconds until the service counts as hanging; default 60,000, twice what it takes at most. */
  timeoutMs?: number
}

const TIMEOUT_MS = 60_000

/**
 * Asks the service of this data folder over its control socket. If none runs, the service is started
 * on that socket alone, asked, and stopped: one way of working, with the server running or not.
 */
export async function askService<Answer>(question: Question): Promise<Answer> {
  const { dataFiles, readConfig } = await import('../config.ts')
  const { config, secrets } = readConfig()
  const { controlSocket } = dataFiles(config)
  try {
    return await ask<Answer>(controlSocket, question)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error
  }
  // Loaded where it is needed: most commands, the health check above all, run without the service.
  const [{ buildService }, { createLog }] = await Promise.all([
    import('../app.ts'),
    import('../log.ts'),
  ])
  const service = await buildService({
    config,
    secrets,
    log: createLog({ logLevel: 'silent', logFormat: 'json' }),
    onFatal: (message) => {
      process.stderr.write(`keysmith: nothing was changed: ${message}\n`)
      process.exit(EXIT.storage)
    },
  })
  try {
    await service.openControlSocket()
    return await ask<Answer>(controlSocket, question)
  } finally {
    await service.close()
  }
}

/** Asks for every page of a list. */
export async function askForAll<Item>(path: string): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '?limit=200' : `?limit=200&cursor=${cursor}`
    const page: { items: Item[]; nextCursor: string | null } = await askService({
      method: 'GET',
      path: path + query,
    })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return items
}

function ask<Answer>(socketPath: string, question: Question): Promise<Answer> {
  const { method, path, body, timeoutMs = TIMEOUT_MS } = question
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const answer = text === '' ? undefined : JSON.parse(text)
        if ((response.statusCode ?? 500) < 400) resolve(answer as Answer)
        else reject(refusalOf(answer as Problem))
      })
    })
    const timer = setTimeout(() => {
      const message = `The service of this data folder does not answer (${socketPath}).`
      reject(new StartRefused(EXIT.storage, `${message} Stop it, and start it again.`))
      outgoing.destroy()
    }, timeoutMs)
    outgoing.on('close', () => clearTimeout(timer))
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function refusalOf({ status, title, detail }: Problem): StartRefused {
  const exitCode = status === 404 ? EXIT.notFound : status === 503 ? EXIT.storage : EXIT.failed
  return new StartRefused(exitCode, detail ? `${title}. ${detail}` : `${title}.`)
}
