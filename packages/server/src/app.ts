import { MAX_IMPORT_BYTES, MAX_IMPORT_LINE_BYTES, MAX_IMPORT_LINES } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import Fastify, { type FastifyRequest } from 'fastify'
import { startBackgroundWork } from './background-work.ts'
import { type Config, dataFiles, type Secrets } from './config.ts'
import { ControlSocket } from './control-socket.ts'
import { ensureDataFolder } from './data-folder.ts'
import { ApiError } from './errors.ts'
import type { Deps, KeyRules } from './keys/deps.ts'
import { loadImportedKeys } from './keys/imported-keys.ts'
import { RowCache } from './keys/row-cache.ts'
import { MemoryLimiter } from './limits/memory-limiter.ts'
import type { Log } from './log.ts'
import { loadPeppers } from './pepper-file.ts'
import { access } from './plugins/access.ts'
import { deadline } from './plugins/deadline.ts'
import { idempotency } from './plugins/idempotency.ts'
import { loadShedding } from './plugins/load-shedding.ts'
import { managementShield } from './plugins/management-shield.ts'
import { ndjson } from './plugins/ndjson.ts'
import { openApi } from './plugins/openapi.ts'
import { answerProblems, sendProblem } from './plugins/problem.ts'
import { requestLog } from './plugins/request-log.ts'
import { guardEveryRequest, setCommonHeaders } from './plugins/safety.ts'
import { MAX_SMALL_BYTES, readSmallJson } from './plugins/small-json.ts'
import { answerUnparsable } from './plugins/unparsable.ts'
import { validateStrictly } from './plugins/validation.ts'
import { ensureDefaultProject } from './projects/ensure-default-project.ts'
import { apiDocsRoutes } from './routes/api-docs.ts'
import { healthRoutes } from './routes/health.ts'
import { importKeysRoute } from './routes/keys/import-keys.ts'
import { managementRoutes } from './routes/management.ts'
import { metaRoute } from './routes/meta.ts'
import { releaseReservationRoute } from './routes/reservations/release-reservation.ts'
import { settleReservationRoute } from './routes/reservations/settle-reservation.ts'
import type { App } from './routes/route.ts'
import { verifyRoute } from './routes/verify.ts'
import { openShortWay } from './routes/verify-short-way.ts'
import { openSqliteKeyStore } from './store/sqlite/open-key-store.ts'
import { takeProcessLock } from './store/sqlite/process-lock.ts'
import { installBootstrapToken } from './tokens/bootstrap-token.ts'
import { VERSION } from './version.ts'

const SOCKET_TIMEOUT_MS = 10_000
const MANAGEMENT_TIMEOUT_MS = 30_000
/** Verifications are never shed: they are what the service is for. */
const MAX_LOOP_DELAY_MS = 1000
const MAX_AUTH_FAILURES_PER_MINUTE = 60
const IMPORT_LIMITS = {
  maxLines: MAX_IMPORT_LINES,
  maxLineBytes: MAX_IMPORT_LINE_BYTES,
  maxBodyBytes: MAX_IMPORT_BYTES,
}

export interface Service {
  app: App
  deps: Deps
  /** True when this start made the database. */
  isNew: boolean
  pepperFile: string | null
  /** From now on `/readyz` says no. */
  drain(): void
  /** Starts to answer commands of this machine. */
  openControlSocket(): Promise<void>
  close(): Promise<void>
}

export interface ServiceOptions {
  config: Config
  secrets: Secrets
  log: Log
  /** The storage can no longer be trusted: end the process. */
  onFatal: (message: string) => void
  now?: () => number
  maxAuthFailuresPerMinute?: number
  /** Management routes are shed when the event loop lags by this much; 0 = never. */
  maxLoopDelayMs?: number
}

/** Builds the whole service in the order of its parts. Nothing listens yet. */
export async function buildService(options: ServiceOptions): Promise<Service> {
  const { config, secrets, log, onFatal, now = Date.now } = options
  const files = dataFiles(config)
  ensureDataFolder(config.dataDir)
  const lock = takeProcessLock(files.lock)
  /** What is open, in the order of opening; closed in the reverse one. */
  const closers: (() => unknown)[] = [() => lock.release()]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const { peppers, file: pepperFile } = loadPeppers(config, secrets)
    const { store, isNew } = await openSqliteKeyStore({
      path: files.database,
      autoMigrate: config.autoMigrate,
      pepperChecks: peppers.checks(),
      now: now(),
      onFatal,
    })
    closers.push(() => store.close())
    const rowCache = new RowCache()
    store.watchChanges((target) => rowCache.drop(target))
    const background = startBackgroundWork({ store, log, now })
    closers.push(() => background.close())
    const { lastUsed, usage } = background
    const limiter = new MemoryLimiter()
    const rules = rulesOf(config)
    const imported = await loadImportedKeys(store)
    const deps: Deps = { store, peppers, rowCache, lastUsed, limiter, usage, imported, rules, now }
    await ensureDefaultProject(deps)
    await installBootstrapToken(deps, secrets.bootstrapToken)

    const control = new ControlSocket(files.controlSocket)
    let draining = false
    const drain = () => {
      draining = true
    }
    const app = await buildApp({
      deps,
      config,
      log,
      isLocal: (request) => control.owns(request.raw.socket),
      isDraining: () => draining,
      maxAuthFailuresPerMinute: options.maxAuthFailuresPerMinute ?? MAX_AUTH_FAILURES_PER_MINUTE,
      maxLoopDelayMs: options.maxLoopDelayMs ?? MAX_LOOP_DELAY_MS,
    })
    closers.push(
      () => closeApp(app),
      () => control.close(),
      drain,
    )
    const openControlSocket = () => control.open(app)
    return { app, deps, isNew, pepperFile, drain, openControlSocket, close }
  } catch (error) {
    await close()
    throw error
  }
}

function rulesOf(config: Config): KeyRules {
  return {
    brand: config.keyBrand,
    maxDays: config.keyMaxDays,
    defaultDays: config.keyDefaultDays,
    newProject: { models: config.models, specialPermissions: config.specialPermissions },
    maxLeaseMs: config.maxLeaseMs,
  }
}

const IDLE_CHECK_MS = 20

/**
 * Ends when the last running request was answered. A connection that was busy when the stop began is
 * idle afterwards, and would hold the process until the end of the grace time.
 */
async function closeApp(app: App): Promise<void> {
  const timer = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS)
  await app.close().finally(() => clearInterval(timer))
}

interface AppOptions {
  deps: Deps
  config: Config
  log: Log
  isLocal: (request: FastifyRequest) => boolean
  isDraining: () => boolean
  maxAuthFailuresPerMinute: number
  maxLoopDelayMs: number
}

async function buildApp(options: AppOptions): Promise<App> {
  const { deps, config, log, isLocal, isDraining, maxAuthFailuresPerMinute, maxLoopDelayMs } =
    options
  const nextRequestId = createRequestIds()
  const app: App = createFastify(config, nextRequestId)
  // Only JSON: any other content type is a body that no schema has checked.
  app.removeContentTypeParser('text/plain')
  guardEveryRequest(app, isDraining)
  answerProblems(app, log)
  validateStrictly(app)
  if (config.apiDocs) await app.register(openApi, { version: VERSION, publicUrl: config.publicUrl })
  await app.register(access, {
    deps,
    isLocal,
    version: VERSION,
    maxFailuresPerMinute: maxAuthFailuresPerMinute,
  })

  healthRoutes(app, deps, isDraining)
  // The hot path: no request log, no load shedding, no idempotency.
  await app.register(async (hot: App) => {
    readSmallJson(hot, MAX_SMALL_BYTES)
    verifyRoute(hot, deps)
  })
  settleReservationRoute(app, deps)
  releaseReservationRoute(app, deps)
  await app.register(async (management: App) => {
    await management.register(deadline, { timeoutMs: MANAGEMENT_TIMEOUT_MS })
    await management.register(managementShield, {
      isLocal,
      maxPerMinute: config.managementPerMinute,
    })
    await management.register(loadShedding, { isLocal, maxLoopDelayMs })
    await management.register(requestLog, { log })
    await management.register(idempotency, { deps })
    managementRoutes(management, deps)
    metaRoute(management, deps, { version: VERSION, maxBodyBytes: MAX_SMALL_BYTES })
    await management.register(async (lines: App) => {
      await lines.register(ndjson, IMPORT_LIMITS)
      importKeysRoute(lines, deps)
    })
  })
  if (config.apiDocs) await app.register(apiDocsRoutes)
  await app.ready()
  openShortWay(app, { deps, isDraining, nextRequestId })
  return app
}

function createFastify({ trustedProxies }: Config, nextRequestId: () => string): App {
  return Fastify({
    // Requests are logged by request-log.ts, and not at all on the hot path.
    logger: false,
    genReqId: nextRequestId,
    clientErrorHandler: answerUnparsable(nextRequestId),
    requestIdHeader: false,
    bodyLimit: MAX_SMALL_BYTES,
    requestTimeout: SOCKET_TIMEOUT_MS,
    connectionTimeout: SOCKET_TIMEOUT_MS,
    // safety.ts answers 503 as a problem document while the process stops.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    exposeHeadRoutes: false,
    // A second Authorization header makes the value unreadable instead of being dropped unseen.
    http: { joinDuplicateHeaders: true },
    routerOptions: { maxParamLength: 128, caseSensitive: true },
    frameworkErrors: (_error, request, reply) => {
      setCommonHeaders(request, reply)
      sendProblem(
        reply,
        request,
        new ApiError('invalid_request', { detail: 'The URL cannot be read.' }),
      )
    },
  })
}

/** Ids that no caller chooses: a random part per process and a counter. */
function createRequestIds(): () => string {
  const start = generateId().slice(0, 8)
  let count = 0
  return () => {
    count += 1
    return `${start}-${count.toString(36)}`
  }
}
