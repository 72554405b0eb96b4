import { createHash, randomBytes } from 'node:crypto'
import type { RunningServer } from './_process.ts'

const TURNS = ['create', 'rotate', 'import', 'create', 'rotate', 'revoke'] as const
type Turn = (typeof TURNS)[number]

const ACTIONS = {
  create: 'key.created',
  import: 'key.imported',
  rotate: 'key.rotated',
  revoke: 'key.revoked',
} as const
type Action = (typeof ACTIONS)[Turn]

/** What a client knows of a key it made. */
interface KnownKey {
  id: string
  secret: string
  /** The secret that the last acknowledged rotation ended. */
  ended: string | null
  isRevoked: boolean
  /** A change whose answer never came: it may have happened or not. */
  unanswered: 'rotate' | 'revoke' | null
}

interface AuditRow {
  id: number
  action: Action
  target: { id: string }
  requestId: string | null
  details: { secretVersion?: number; to?: number }
}

/**
 * Everything that was acknowledged, kept outside the server: what a 2xx promised must be true for ever.
 */
export class Ledger {
  readonly keys = new Map<string, KnownKey>()
  readonly acknowledged: { action: Action; keyId: string; requestId: string }[] = []
  /** Answers that were no 2xx, by status and code. */
  readonly refused = new Map<string, number>()
  /** Changes without an answer. */
  lost = 0
  readonly #audit: AuditRow[] = []
  #checked = 0
  #touched = new Set<string>()

  /** Runs clients that create, rotate and revoke until the signal, or until the server is gone. */
  async load(server: Asked, options: { clients: number; until: AbortSignal }): Promise<void> {
    const { clients, until } = options
    await Promise.all(Array.from({ length: clients }, () => this.#runClient(server, until)))
  }

  /** Waits until so many more changes are acknowledged. */
  async answered(more: number): Promise<void> {
    const enough = this.acknowledged.length + more
    while (this.acknowledged.length < enough) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  async #runClient(server: Asked, until: AbortSignal): Promise<void> {
    const mine: KnownKey[] = []
    for (let turn = 0; !until.aborted; turn += 1) {
      const change = TURNS[turn % TURNS.length] ?? 'create'
      const makesKey = change === 'create' || change === 'import'
      const key = makesKey ? undefined : mine[turn % mine.length]
      try {
        const next = await this.change(server, change, key)
        if (change === 'revoke' && next?.isRevoked) mine.splice(mine.indexOf(next), 1)
        if (makesKey && next) mine.push(next)
      } catch {
        return
      }
    }
  }

  /** One change through the API; rejects when no answer comes. */
  async change(server: Asked, change: Turn, key?: KnownKey): Promise<KnownKey | undefined> {
    const string = `sk_${randomBytes(20).toString('hex')}`
    const { path, body } = requestOf(change, key, string)
    let answer: LedgerAnswer
    try {
      answer = await ask(server, 'POST', path, body)
    } catch (error) {
      this.lost += 1
      if (key && (change === 'rotate' || change === 'revoke')) {
        key.unanswered = change
        this.#touched.add(key.id)
      }
      throw error
    }
    const { ok, status, requestId, body: answered } = answer
    if (!ok) {
      const name = `${status} ${answered.code}`
      this.refused.set(name, (this.refused.get(name) ?? 0) + 1)
      return key
    }
    const made =
      change === 'import'
        ? { id: answered.lines[0].keyId, secret: string }
        : { id: answered.key?.id, secret: answered.secret }
    const known = key ?? { ...NEW_KEY, ...made }
    if (!key) this.keys.set(known.id, known)
    if (change === 'revoke') known.isRevoked = true
    if (change === 'rotate') {
      known.ended = known.secret
      known.secret = answered.secret
    }
    this.acknowledged.push({ action: ACTIONS[change], keyId: known.id, requestId })
    this.#touched.add(known.id)
    return known
  }

  /**
   * Compares the ledger with what the server answers now: one sentence per promise that is broken.
   * `since` = only what was changed after the comparison before.
   */
  async compare(server: Asked, since: 'the last time' | 'ever' = 'ever'): Promise<string[]> {
    const ids = since === 'ever' ? new Set(this.keys.keys()) : this.#touched
    const news = this.acknowledged.slice(since === 'ever' ? 0 : this.#checked)
    this.#touched = new Set()
    this.#checked = this.acknowledged.length
    const rows = await newAuditRows(server, since === 'ever' ? 0 : (this.#audit.at(-1)?.id ?? 0))
    if (since === 'ever') this.#audit.length = 0
    this.#audit.push(...rows)
    const keys = [...ids].flatMap((id) => this.keys.get(id) ?? [])
    const changedKeys = new Set(rows.map((row) => row.target.id))
    return [
      ...(await atMost(8, keys, (key) => checkSecrets(server, key))),
      ...checkAuditRows(news, rows),
      ...(await atMost(8, [...changedKeys], (id) => checkWhole(server, id, this.#audit))),
    ]
  }
}

type Asked = Pick<RunningServer, 'url' | 'token'>

/** An import has one line, so that its one audit row is found by the id of the request. */
function requestOf(change: Turn, key: KnownKey | undefined, string: string) {
  if (change === 'import') {
    const secretSha256 = createHash('sha256').update(string).digest('hex')
    const line = JSON.stringify({ name: 'load', secretSha256 })
    return { path: '/v1/keys/import?entropyBits=160', body: line }
  }
  const path = key ? `/v1/keys/${key.id}/${change}` : '/v1/keys'
  const body = { create: { name: 'load' }, rotate: { overlapSeconds: 0 }, revoke: {} }[change]
  return { path, body }
}

const NEW_KEY = { ended: null, isRevoked: false, unanswered: null }

export interface LedgerAnswer {
  ok: boolean
  status: number
  requestId: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  body: any
}

/**
 * One request over the network. On a starved machine the service sheds load and says when to come
 * again; a good client does, and so does this one.
 */
export async function ask(
  server: Asked,
  method: 'GET' | 'POST',
  path: string,
  body?: object | string,
  more: Record<string, string> = {},
): Promise<LedgerAnswer> {
  const isText = typeof body === 'string'
  const type = isText ? 'application/x-ndjson' : 'application/json'
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...more,
      authorization: `Bearer ${server.token}`,
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const { ok, status, headers } = response
  const answer: LedgerAnswer['body'] = await response.json()
  if (answer.code === 'overloaded') {
    await new Promise((resolve) => setTimeout(resolve, Number(headers.get('retry-after')) * 1000))
    return ask(server, method, path, body, more)
  }
  return { ok, status, requestId: headers.get('x-request-id') ?? '', body: answer }
}

export async function verdict(server: Asked, secret: string): Promise<string> {
  const { status, body } = await ask(server, 'POST', '/v1/verify', { secret })
  return status === 200 ? body.code : `status ${status}`
}

/** A created key verifies, a rotated secret verifies, an ended one does not, revoked stays revoked. */
async function checkSecrets(server: Asked, key: KnownKey): Promise<string[]> {
  const { id, secret, ended, isRevoked, unanswered } = key
  const wrong: string[] = []
  const code = await verdict(server, secret)
  const allowed = isRevoked ? ['revoked'] : ['valid']
  if (unanswered === 'revoke') allowed.push('revoked')
  if (unanswered === 'rotate') allowed.push('expired')
  if (!allowed.includes(code)) wrong.push(`key ${id}: ${code} instead of ${allowed.join(' or ')}`)
  if (ended && (await verdict(server, ended)) === 'valid') {
    wrong.push(`key ${id}: a secret that was ended is valid again`)
  }
  return wrong
}

/** Every acknowledged change has its audit row, found by the id of its request. */
function checkAuditRows(acknowledged: Ledger['acknowledged'], rows: AuditRow[]): string[] {
  const byRequest = new Map(rows.map((row) => [row.requestId, row]))
  return acknowledged.flatMap(({ action, keyId, requestId }) => {
    const row = byRequest.get(requestId)
    const found = row?.action === action && row.target.id === keyId
    return found ? [] : [`key ${keyId}: ${action} was acknowledged and has no audit row`]
  })
}

/** The key is what its audit rows say, also where an answer was lost: no change is half there. */
async function checkWhole(server: Asked, id: string, audit: AuditRow[]): Promise<string[]> {
  const rows = audit.filter((row) => row.target.id === id)
  const versions = rows.flatMap(({ details }) => details.to ?? details.secretVersion ?? [])
  const isRevoked = rows.some((row) => row.action === 'key.revoked')
  const { status, body: key } = await ask(server, 'GET', `/v1/keys/${id}`)
  if (status !== 200) return [`key ${id}: has audit rows and is not there`]
  const found = key.secrets.map((secret: { version: number }) => secret.version)
  const expected = versions.toReversed().slice(0, 2)
  const isSame = JSON.stringify(found) === JSON.stringify(expected)
  return [
    ...(isSame ? [] : [`key ${id}: has the secrets ${found}, its audit rows say ${expected}`]),
    ...((key.revoked !== null) === isRevoked
      ? []
      : [`key ${id}: revoked is not what its audit rows say`]),
  ]
}

/** All audit rows about keys with a larger number, oldest first. */
async function newAuditRows(server: Asked, afterSeq: number): Promise<AuditRow[]> {
  const rows: AuditRow[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const { ok, status, body } = await ask(server, 'GET', `/v1/audit-events?limit=200${query}`)
    if (!ok) throw new Error(`the audit log was not answered: ${status} ${body.code}`)
    rows.push(...body.items)
    cursor = body.nextCursor
  } while (cursor !== null && (rows.at(-1)?.id ?? 0) > afterSeq)
  return rows.filter((row) => row.id > afterSeq && row.action.startsWith('key.')).reverse()
}

async function atMost<Item>(
  running: number,
  items: Item[],
  run: (item: Item) => Promise<string[]>,
): Promise<string[]> {
  const found: string[] = []
  const queue = items.values()
  const work = async () => {
    for (const item of queue) found.push(...(await run(item)))
  }
  await Promise.all(Array.from({ length: running }, work))
  return found
}
