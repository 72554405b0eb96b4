import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadFor, type Target, type Throughput } from './load.ts'
import { startProgram } from './program.ts'
import { createColdLoad, createTarget, newQuestion, verifyTarget } from './questions.ts'
import type { Effort, Figure, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { seededFolder, toQuestion } from './seed.ts'
import { type Service, startService } from './service.ts'

const FOLDER = join(import.meta.dirname, 'peers')
const KEYS = 100_000
const QUOTAS = { credits: { limit: 1_000_000_000_000, period: 'none' as const } }
const EFFORT = { quick: { rounds: 9, seconds: 0.3 }, full: { rounds: 11, seconds: 1 } }

type PeerName =
  | 'authDefaults'
  | 'authWal'
  | 'authQuota'
  | 'authMemory'
  | 'authWalFull'
  | 'prefixed'
  | 'commitEach'
  | 'passport'

/** Each is a program of its own with what it is told beside its port and folder. */
const PEERS: Record<PeerName, [file: string, variant?: string]> = {
  authDefaults: ['better-auth.ts', 'defaults'],
  authWal: ['better-auth.ts', 'wal'],
  authQuota: ['better-auth.ts', 'quota'],
  authMemory: ['better-auth.ts', 'memory'],
  authWalFull: ['better-auth.ts', 'wal-full'],
  prefixed: ['prefixed-api-key.ts', 'NORMAL'],
  commitEach: ['prefixed-api-key.ts', 'FULL'],
  passport: ['passport.ts'],
}

interface Peer {
  verify: Target
  create: Target
  stop: () => Promise<void>
}

/** Verification and creation against others that do the same work (P5, P6, P7). */
export async function measurePeers(effort: Effort): Promise<Result> {
  install()
  const service = await startService({ folder: await seededFolder(KEYS) })
  const peers = await startPeers()
  try {
    return await measure(effort, service, peers)
  } finally {
    for (const { stop } of [service, ...Object.values(peers)]) await stop()
  }
}

/** From a lockfile of their own: they are no part of the repository's tree. */
function install(): void {
  if (existsSync(join(FOLDER, 'node_modules'))) return
  console.log('Installing the peers, once ...')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: FOLDER })
}

async function startPeers(): Promise<Record<PeerName, Peer>> {
  const peers: [string, Peer][] = []
  for (const [name, command] of Object.entries(PEERS))
    peers.push([name, await startPeer(...command)])
  return Object.fromEntries(peers) as Record<PeerName, Peer>
}

async function startPeer(file: string, variant = ''): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-peer-'))
  const program = await startProgram((port) => [join(FOLDER, file), `${port}`, folder, variant])
  const { pid, baseUrl } = program
  const secret = readFileSync(join(folder, 'secret'), 'utf8')
  const headers = { 'x-api-key': secret }
  const stop = async () => {
    await program.stop()
    rmSync(folder, { recursive: true })
  }
  const valid = { status: 200, text: '"valid":true' }
  const created = { status: 201, text: '"secret":' }
  return {
    verify: { pid, url: `${baseUrl}/verify`, headers, bodies: [toQuestion(secret)], expect: valid },
    create: { pid, url: `${baseUrl}/create`, bodies: ['{}'], expect: created },
    stop,
  }
}

async function measure(
  effort: Effort,
  service: Service,
  peers: Record<PeerName, Peer>,
): Promise<Result> {
  const { rounds, seconds } = EFFORT[effort]
  const ask = (target: Target) => () => loadFor(seconds, target)
  const variants = {
    cached: ask(verifyTarget(service, [await newQuestion(service)])),
    cold: createColdLoad(service, { keys: KEYS, seconds }),
    quota: ask(verifyTarget(service, [await newQuestion(service, { quotas: QUOTAS, cost: 1 })])),
    authDefaults: ask(peers.authDefaults.verify),
    authWal: ask(peers.authWal.verify),
    authQuota: ask(peers.authQuota.verify),
    authMemory: ask(peers.authMemory.verify),
    prefixed: ask(peers.prefixed.verify),
    passport: ask(peers.passport.verify),
    create: ask(createTarget(service)),
    createEach: ask(peers.commitEach.create),
    createAuth: ask(peers.authWalFull.create),
  }
  await interleave(1, variants)
  const measured = await interleave(rounds, variants)
  return {
    method: `As fast as 64 connections get answers, ${seconds} s each, all interleaved; every answer is checked. Better Auth with its rate limit off.`,
    rounds,
    figures: toFigures(measured),
  }
}

function toFigures(rounds: Record<string, Throughput>[]): Figure[] {
  const of = (take: (round: Record<string, Throughput>) => number | undefined) =>
    spreadOf(rounds.map((round) => take(round) ?? Number.NaN))
  const rate = (what: string, name: string): Figure => {
    return { what, unit: '/s', ...of((round) => round[name]?.perSecond) }
  }
  const ratio = (what: string, one: string, other: string, must?: number, goal?: number) => ({
    what,
    unit: 'x' as const,
    ...(must !== undefined && { must: { atLeast: must } }),
    ...(goal !== undefined && { goal: { atLeast: goal } }),
    ...of((round) => (round[one]?.perSecond ?? 0) / (round[other]?.perSecond ?? 0)),
  })
  const byProcessor = (what: string, one: string, other: string): Figure => {
    const spread = of((round) => (round[other]?.cpuUs ?? 0) / (round[one]?.cpuUs ?? 0))
    return { what: `${what}, by processor time`, unit: 'x', ...spread }
  }
  return [
    rate('Keysmith, cached', 'cached'),
    rate('Better Auth, WAL', 'authWal'),
    ratio('P5 cached, against Better Auth WAL', 'cached', 'authWal', 15, 30),
    ratio('P5 cold, against Better Auth WAL', 'cold', 'authWal', 8, 18),
    ratio('P5 durable quota, against Better Auth WAL', 'quota', 'authWal', 15, 35),
    byProcessor('cached, against WAL', 'cached', 'authWal'),
    ratio('P6 cached, against Better Auth in memory', 'cached', 'authMemory', 5, 10),
    byProcessor('cached, against in memory', 'cached', 'authMemory'),
    ratio('cached, against Better Auth defaults', 'cached', 'authDefaults'),
    ratio('durable quota, against Better Auth with a quota', 'quota', 'authQuota'),
    ratio('cached, against prefixed-api-key', 'cached', 'prefixed'),
    ratio('cold, against prefixed-api-key', 'cold', 'prefixed'),
    ratio('cached, against passport-headerapikey', 'cached', 'passport'),
    rate('Keysmith, durable creates', 'create'),
    ratio('P7 create, against one commit each', 'create', 'createEach', 3, 6),
    ratio('P7 create, against Better Auth WAL FULL', 'create', 'createAuth', 6, 12),
  ]
}
