import { setTimeout } from 'node:timers/promises'
import autocannon from 'autocannon'
import { cpuSecondsOf } from './program.ts'

export const CONNECTIONS = 64
/** On a machine that is very busy, an answer may take its time; it still counts. */
const PATIENCE_SECONDS = 60
/** The end of a run is seen at the next sample. */
const SAMPLE_MS = 50

export interface Target {
  pid: number
  url: string
  token?: string
  headers?: Record<string, string>
  /** Sent in turn, from the first on in every run. More than one are dealt to the connections. */
  bodies: string[]
  /** How long the server goes on writing after the load: its processor time is counted, and the next load waits. */
  settleMs?: number
  /** What every answer must be. */
  expect: { status: number; text: string }
}

export interface Throughput {
  requests: number
  perSecond: number
  /** Processor time of the server in all its threads, per request; NaN where the system does not tell. */
  cpuUs: number
}

/** Asks as fast as 64 connections get answers. Throws when one answer is not the expected one. */
export async function loadFor(seconds: number, target: Target): Promise<Throughput> {
  const { pid, url, token, headers, bodies, settleMs, expect } = target
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
  // The thousands of requests of the run before are garbage: not to be collected on the clock.
  globalThis.gc?.()
  let startedAt = 0
  let usedBefore = 0
  const result = await runLoad(
    {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer, ...headers },
      connections: CONNECTIONS,
      duration: seconds,
      timeout: PATIENCE_SECONDS,
      sampleInt: SAMPLE_MS,
      setupClient: dealBodies(bodies),
      verifyBody: (body) => String(body).includes(expect.text),
    },
    () => {
      startedAt = performance.now()
      usedBefore = cpuSecondsOf(pid)
    },
  )
  const elapsedSeconds = (performance.now() - startedAt) / 1000
  requireClean(result, expect.status)
  if (settleMs !== undefined) await setTimeout(settleMs)
  const requests = result.requests.total
  return {
    requests,
    perSecond: requests / elapsedSeconds,
    cpuUs: ((cpuSecondsOf(pid) - usedBefore) * 1e6) / requests,
  }
}

function runLoad(options: autocannon.Options, onStart: () => void): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const run = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)))
    run.on('start', onStart)
  })
}

/** Gives each connection its share, built before the clock starts. */
function dealBodies(bodies: string[]): (client: autocannon.Client) => void {
  const shares = Math.min(CONNECTIONS, bodies.length)
  let dealt = 0
  return (client) => {
    const share = dealt++ % shares
    client.setRequests(bodies.filter((_, at) => at % shares === share).map((body) => ({ body })))
  }
}

function requireClean(result: autocannon.Result, status: number): void {
  const { errors, mismatches, requests } = result
  const others = Object.keys(result.statusCodeStats ?? {}).filter((code) => code !== `${status}`)
  if (errors + mismatches + others.length === 0 && requests.total > 0) return
  throw new Error(
    `${requests.total} answers, ${errors} errors, ${mismatches} with another body, other codes: ${others}`,
  )
}
