import { relative } from 'node:path'
import closeWithGrace from 'close-with-grace'
import type { Command } from 'commander'
import type { Service } from '../app.ts'
import { type Config, dataFiles, readConfig } from '../config.ts'
import { EXIT, StartRefused } from '../exit.ts'
import type { Log } from '../log.ts'
import { VERSION } from '../version.ts'
import { loadEnvFile } from './env-file.ts'
import { tell } from './print.ts'

export function defineServe(command: Command): void {
  command
    .option('--env-file <file>', 'read more settings from a file of NAME=value lines')
    .action(async ({ envFile }: { envFile?: string }) => {
      loadEnvFile(envFile)
      outliveLog()
      await serve()
    })
}

/** An answer that is lost ends a command. A log that is lost is no reason to refuse every key. */
function outliveLog(): void {
  let isTold = false
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (!isTold) tell(`keysmith: the log cannot be written (${code}). The service goes on.`)
    isTold = true
  })
}

async function serve(): Promise<void> {
  const startedAt = performance.now()
  const { config, secrets } = readConfig()
  // Loaded after the settings were found good, and not at all by the other commands.
  const [{ buildService }, { createLog }] = await Promise.all([
    import('../app.ts'),
    import('../log.ts'),
  ])
  const log = createLog(config)
  const service = await buildService({
    config,
    secrets,
    log,
    onFatal: (message) => {
      log.fatal({ cause: message }, 'a commit could not be made durable; the process ends')
      process.exit(EXIT.storage)
    },
  })
  try {
    await service.openControlSocket()
    const address = await listen(service, config)
    stopGracefully(service, config, log)
    const ms = Math.round(performance.now() - startedAt)
    await announce({ service, config, log, address, ms })
  } catch (error) {
    await service.close()
    throw error
  }
}

async function listen({ app }: Service, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      EADDRINUSE: `Port ${port} of ${host} is in use. Stop the other program, or set KEYSMITH_PORT.`,
      EACCES: `Port ${port} of ${host} needs more rights. Set KEYSMITH_PORT to 1024 or above.`,
      EADDRNOTAVAIL: `This machine has no address ${host}. Set KEYSMITH_HOST.`,
      ENOTFOUND: `The name ${host} cannot be resolved. Set KEYSMITH_HOST.`,
    }
    const reason = reasons[code ?? ''] ?? `${host}:${port} cannot be listened on (${code}).`
    throw new StartRefused(EXIT.failed, reason, { cause: error })
  }
}

/** SIGTERM or SIGINT: not ready, no new connections, running requests end, then exit 0. */
function stopGracefully(service: Service, { shutdownGraceMs }: Config, log: Log): void {
  closeWithGrace({ delay: shutdownGraceMs, logger: false }, async ({ signal, err }) => {
    service.drain()
    if (err) log.fatal({ err }, 'an error was not caught; the process ends')
    else log.info({ signal }, 'stopping')
    await service.close()
    log.info('stopped')
  })
}

async function announce(start: {
  service: Service
  config: Config
  log: Log
  address: string
  ms: number
}): Promise<void> {
  const { service, config, log, address, ms } = start
  const { database } = dataFiles(config)
  const tokens = await service.deps.store.listTokens({ scope: null, limit: 1, cursor: null })
  const next = tokens.length === 0 ? firstTokenCommand(config) : null
  const isText =
    config.logFormat === 'text' || (config.logFormat === 'auto' && process.stdout.isTTY)
  if (!isText) {
    log.info({ version: VERSION, address, database, isNew: service.isNew, ms, next }, 'ready')
    return
  }
  const lines = [
    `keysmith ${VERSION}   node ${process.versions.node}   sqlite ${nearPath(database)}${service.isNew ? ' (new)' : ''}   ${address}`,
  ]
  if (next) {
    lines.push('No management token yet. Make the first one in another terminal:', `  ${next}`)
  }
  if (service.pepperFile) {
    const pepper = nearPath(service.pepperFile)
    lines.push(`The pepper is ${pepper}. Keep a copy: without it no key can be verified.`)
  }
  process.stdout.write(`${lines.join('\n')}\nReady in ${ms} ms.\n`)
}

function nearPath(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : `./${near}`
}

/** The command to paste, as it works in this place: in a checkout, or installed. */
function firstTokenCommand({ dataDir }: Config): string {
  const isInstalled = import.meta.dirname.includes('node_modules')
  const command = isInstalled ? 'npx keysmith token create' : 'npm run -s keysmith -- token create'
  const folder = nearPath(dataDir)
  const setting = folder === './keysmith-data' ? '' : `KEYSMITH_DATA_DIR='${dataDir}' `
  const permissions = ['*', 'keys:*', 'projects:*', 'tokens:*', 'audit:*']
  const options = permissions.map((permission) => `--permission '${permission}'`).join(' ')
  return `${setting}${command} --name admin ${options}`
}
