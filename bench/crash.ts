import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@keysmith/client'
import { CONNECTIONS } from './load.ts'
import { verifyTarget } from './questions.ts'
import { KEY, toQuestion } from './seed.ts'
import { type Service, startService } from './service.ts'

const CREDITS_BETWEEN_KILLS = 2000
const GONE = 'no answer'

export interface Exactness {
  kills: number
  acknowledged: number
  /** Acknowledged, and not counted after a restart. */
  lost: number
  /** Granted beyond the limit of the quota. */
  oversold: number
}

/**
 * Charges one quota with 64 callers, ends the service with SIGKILL in the middle, and starts it again on the same
 * folder, as often as wished; then charges until nothing is left.
 */
export async function chargeAcrossKills(kills: number): Promise<Exactness> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-crash-'))
  const limit = (kills + 1) * CREDITS_BETWEEN_KILLS
  let service = await startService({ folder })
  const { keys } = createClient(service)
  const { key, secret } = await keys.create({
    ...KEY,
    quotas: { credits: { limit, period: 'none' } },
  })
  const question = toQuestion(secret, { cost: { credits: 1 } })
  let acknowledged = 0
  let lost = 0
  for (let kill = 0; kill < kills; kill++) {
    acknowledged += await chargeUntilKilled(service, question)
    service = await startService({ folder })
    const { quotas } = await createClient(service).keys.get(key.id)
    lost += Math.max(0, acknowledged - (quotas.credits?.used ?? 0) - lost)
  }
  acknowledged += await charge(service, question, () => undefined)
  await service.stop()
  rmSync(folder, { recursive: true })
  return { kills, acknowledged, lost, oversold: Math.max(0, acknowledged - limit) }
}

/** The number of charges that were acknowledged before the end. */
async function chargeUntilKilled(service: Service, question: string): Promise<number> {
  let killed: Promise<void> | undefined
  const granted = await charge(service, question, (count) => {
    if (count === CREDITS_BETWEEN_KILLS / 2) killed = service.stop('SIGKILL')
  })
  if (killed === undefined) throw new Error(`nothing was left after ${granted} charges`)
  await killed
  return granted
}

/** Charges until the quota is exhausted or the service is gone; the number of valid verdicts. */
async function charge(
  service: Service,
  question: string,
  onGranted: (count: number) => void,
): Promise<number> {
  const { url, token } = verifyTarget(service, [])
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  let granted = 0
  const spend = async () => {
    for (;;) {
      const code = await codeOf(fetch(url, { method: 'POST', headers, body: question }))
      if (code === GONE || code === 'quota_exhausted') return
      if (code !== 'valid') throw new Error(`a charge was answered ${code}`)
      granted += 1
      onGranted(granted)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, spend))
  return granted
}

/** The code of a verdict or an error, or that there was no answer: whether that one was charged nobody knows. */
async function codeOf(answer: Promise<Response>): Promise<string> {
  try {
    const { code }: { code: string } = JSON.parse(await (await answer).text())
    return code
  } catch {
    return GONE
  }
}
