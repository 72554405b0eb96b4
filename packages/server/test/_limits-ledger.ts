import { ask, type LedgerAnswer } from './_ledger.ts'
import type { RunningServer } from './_process.ts'

type Asked = Pick<RunningServer, 'url' | 'token'>

/** What a key must have used and reserved, as far as the answers say. */
interface Account {
  id: string
  secret: string
  limit: number
  used: number
  reserved: number
  /** Amounts of requests that were not answered: each is there, or is not. */
  maybeUsed: number[]
  maybeReserved: number[]
}

interface OpenReservation {
  id: string
  account: Account
  amount: number
}

/** So many are left open at any time, so that each kill meets some. */
const KEPT_OPEN = 4

/** What was sent and not answered, and can be sent again to learn what became of it. */
type Unanswered =
  | { kind: 'charge'; account: Account; cost: number; key: string }
  | { kind: 'reserve'; account: Account; amount: number; key: string }
  | { kind: 'end'; reservation: OpenReservation; cost: number | null }

/**
 * The accounts of a load of charges and reservations, kept by its answers alone. Half of the requests
 * come with an Idempotency-Key: what became of those is known in the end.
 */
export class LimitsLedger {
  readonly accounts: Account[] = []
  readonly open: OpenReservation[] = []
  acknowledged = 0
  unanswered = 0
  refused = 0
  /** Answers that no request of this load may get. */
  readonly unexpected: string[] = []
  #again: Unanswered[] = []
  #requests = 0

  async addAccount(server: Asked, limit: number): Promise<void> {
    const quotas = { credits: { limit, period: 'none' } }
    const { body } = await ask(server, 'POST', '/v1/keys', { name: 'account', quotas })
    const counts = { used: 0, reserved: 0, maybeUsed: [], maybeReserved: [] }
    this.accounts.push({ id: body.key.id, secret: body.secret, limit, ...counts })
  }

  /** Charges, reserves, settles and releases until the signal, whatever happens to the server. */
  async load(server: Asked, options: { clients: number; until: AbortSignal }): Promise<void> {
    const work = async () => {
      while (!options.until.aborted) await this.#act(server)
    }
    await Promise.all(Array.from({ length: options.clients }, work))
  }

  /** Sends again what was not answered and can be: each is carried out once, before or now. */
  async resolve(server: Asked): Promise<void> {
    for (const request of this.#again.splice(0)) await this.#send(server, request)
  }

  /** One sentence per account that is not what the answers say. From then on what is found counts. */
  async compare(server: Asked): Promise<string[]> {
    const wrong: string[] = []
    for (const account of this.accounts) {
      const { id, limit, maybeUsed, maybeReserved } = account
      const { body } = await ask(server, 'GET', `/v1/keys/${id}`)
      const { used, reserved } = body.quotas.credits
      if (!isSum(used - account.used, maybeUsed)) {
        wrong.push(`${id}: used ${used}, acknowledged ${account.used}, unanswered ${maybeUsed}`)
      }
      if (!isSum(reserved - account.reserved, maybeReserved)) {
        wrong.push(
          `${id}: reserved ${reserved}, acknowledged ${account.reserved}, unanswered ${maybeReserved}`,
        )
      }
      if (used + reserved > limit) wrong.push(`${id}: ${used} + ${reserved} is above ${limit}`)
      Object.assign(account, { used, reserved, maybeUsed: [], maybeReserved: [] })
    }
    return wrong
  }

  /** Settles what was reserved before; one sentence per reservation that is not there. */
  async settleOpen(server: Asked, count: number): Promise<string[]> {
    const wrong: string[] = []
    for (const reservation of this.open.splice(0, count)) {
      const cost = Math.floor(reservation.amount / 2)
      const { status } = await this.#send(server, { kind: 'end', reservation, cost })
      if (status !== 200) wrong.push(`${reservation.id}: settling it was answered ${status}`)
    }
    return wrong
  }

  async #act(server: Asked): Promise<void> {
    this.#requests += 1
    const turn = this.#requests
    const account = this.accounts[(turn * 7) % this.accounts.length]
    if (!account) throw new Error('there is no account')
    const amount = 1 + (turn % 7)
    const key = `request-${turn}`
    const mayEnd = turn % 5 > 2 && this.open.length > KEPT_OPEN
    const reservation = mayEnd ? this.open.shift() : undefined
    if (reservation) {
      const cost = turn % 3 === 0 ? null : turn % (reservation.amount + 1)
      await this.#send(server, { kind: 'end', reservation, cost })
    } else if (turn % 5 < 2) {
      await this.#send(server, { kind: 'charge', account, cost: amount, key })
    } else await this.#send(server, { kind: 'reserve', account, amount, key })
  }

  async #send(server: Asked, request: Unanswered): Promise<{ status: number }> {
    try {
      const answer = await sendRequest(server, request)
      this.acknowledged += 1
      this.#book(request, answer)
      return answer
    } catch {
      this.unanswered += 1
      this.#bookUnanswered(request)
      return { status: 0 }
    }
  }

  #book(request: Unanswered, { status, body }: LedgerAnswer): void {
    if (status === 503) return
    if (status !== 200) this.unexpected.push(`${request.kind}: ${status} ${body.code}`)
    else if (request.kind === 'end') {
      const { account, amount } = request.reservation
      account.reserved -= amount
      account.used += body.charged.credits ?? 0
    } else if (body.valid) {
      const { account } = request
      if (request.kind === 'charge') account.used += request.cost
      else {
        account.reserved += request.amount
        this.open.push({ id: body.reservationId, account, amount: request.amount })
      }
    } else if (body.code === 'quota_exhausted') this.refused += 1
    else this.unexpected.push(`${request.kind}: ${body.code}`)
  }

  #bookUnanswered(request: Unanswered): void {
    if (request.kind === 'end' || hasKey(request)) this.#again.push(request)
    else if (request.kind === 'charge') request.account.maybeUsed.push(request.cost)
    else request.account.maybeReserved.push(request.amount)
  }
}

const hasKey = ({ key }: { key: string }) => Number(key.at(-1)) % 2 === 0

function sendRequest(server: Asked, request: Unanswered): Promise<LedgerAnswer> {
  if (request.kind === 'end') {
    const { reservation, cost } = request
    const path = `/v1/reservations/${reservation.id}`
    if (cost === null) return ask(server, 'POST', `${path}/release`)
    return ask(server, 'POST', `${path}/settle`, { cost: { credits: cost } })
  }
  const { account, key } = request
  const body =
    request.kind === 'charge'
      ? { secret: account.secret, cost: request.cost }
      : { secret: account.secret, reserve: { credits: request.amount }, reserveSeconds: 3600 }
  const headers = hasKey(request) ? { 'idempotency-key': key } : {}
  return ask(server, 'POST', '/v1/verify', body, headers)
}

/** Is it the sum of some of these amounts? */
function isSum(total: number, amounts: readonly number[]): boolean {
  let sums = new Set([0])
  for (const amount of amounts) sums = new Set([...sums, ...[...sums].map((sum) => sum + amount)])
  return sums.has(total)
}
