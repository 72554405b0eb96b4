import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { ImportKey, ImportQuery, ImportReport } from '@keysmith/contract'
import { redactKeys } from '@keysmith/key-format'
import type { Deps } from '../../keys/deps.ts'
import { importKeys, type LineOutcome } from '../../keys/import-keys.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { type CheckedLine, NDJSON } from '../../plugins/ndjson.ts'
import { type App, PROBLEMS } from '../route.ts'

/** 1,000 lines with Argon2id take half a minute. */
const HANDLER_TIMEOUT_MS = 120_000
/** Sooner, so that the answer can say which lines were not tried. */
const LINES_TIMEOUT_MS = 110_000

/** Registered in a scope of its own, where bodies are lines. */
export function importKeysRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/import',
    {
      config: { access: 'keys:import' },
      handlerTimeout: HANDLER_TIMEOUT_MS,
      schema: {
        operationId: 'keys.import',
        summary: 'Take over keys that were issued elsewhere, by the SHA-256 of their strings',
        description:
          'The body is 1 to 1,000 lines of JSON, each an ImportKey. Each line is imported or refused by itself. Repeating an import is safe by nature: a string that the project holds is reported as existing and nothing is changed. An Idempotency-Key is accepted and not needed.',
        tags: ['keys'],
        consumes: [NDJSON],
        querystring: ImportQuery,
        body: ImportKey,
        response: { 200: ImportReport, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      waitForSlowLines(request.raw.socket)
      const { project, entropyBits } = request.query
      // The schema is that of one line; ndjson.ts made a list of checked lines of the body.
      const lines = request.body as unknown as CheckedLine<ImportKey>[]
      const wish = { lines, project, entropyBits, signal: whileAwaited(reply.raw) }
      return presentReport(await importKeys(deps, callerOf(request), wish))
    },
  )
}

/** Nothing moves on the connection meanwhile. Node sets its usual timeout again for the next request. */
function waitForSlowLines(socket: unknown): void {
  // Without a network, as in tests, there is no timeout to set.
  if (socket instanceof Socket) socket.setTimeout(HANDLER_TIMEOUT_MS)
}

/** Not `request.signal`, which ends with the body: aborted when the caller hangs up, or waits too long. */
function whileAwaited(response: ServerResponse): AbortSignal {
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  return AbortSignal.any([closed.signal, AbortSignal.timeout(LINES_TIMEOUT_MS)])
}

function presentReport(outcomes: LineOutcome[]): ImportReport {
  const count = (wanted: LineOutcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length
  return {
    imported: count('imported'),
    existing: count('existing'),
    refused: count('refused'),
    lines: outcomes.map(presentLine),
  }
}

function presentLine(line: LineOutcome): ImportReport['lines'][number] {
  if (line.outcome !== 'refused') return line
  const { code, detail, extras } = line.error
  return {
    line: line.line,
    outcome: 'refused',
    code,
    ...(detail === undefined ? {} : { detail: redactKeys(detail) }),
    ...(extras.fields ? { fields: extras.fields } : {}),
  }
}
