import { generateId, generateKey, parseKey } from '@keysmith/key-format'
import { sha256Hex } from '../sha256.ts'
import type {
  CreateKey,
  Key,
  RevokeKey,
  RotateKey,
  SecretVersion,
  SetOverlap,
  SetQuotaUsed,
  UpdateKey,
  VerifyRequest,
} from '../types.gen.ts'
import type { Verdict } from '../verdict.ts'
import type { FakeDeps } from './fake-deps.ts'
import { type Changes, draftKey, type FakeKey, showKey, withChanges } from './fake-key.ts'
import type { FakeLimits } from './fake-limits.ts'
import { FakeProblem } from './fake-problem.ts'
import { isOver, iso } from './fake-time.ts'
import { decide, toRange } from './fake-verdict.ts'

export type FakeKeys = ReturnType<typeof createFakeKeys>

const DEFAULT_OVERLAP_SECONDS = 86_400

/** Keys in memory, with the rules of the service. */
export function createFakeKeys({ now, random, project }: FakeDeps, limits: FakeLimits) {
  const keys = new Map<string, FakeKey>()
  const show = (key: Key) => showKey(key, limits.show(key), now())

  const find = (id: string) => requireFound(keys.get(id))
  const findUnrevoked = (id: string): FakeKey => {
    const found = find(id)
    if (!isOver(found.key.revoked?.at, now())) return found
    throw new FakeProblem(409, 'key_revoked', { keyId: id })
  }
  const change = ({ key, digests }: FakeKey, changes: Changes): Key => {
    const changed = withChanges(key, changes, now())
    keys.set(key.id, { key: changed, digests })
    return show(changed)
  }
  const addSecret = async (holder: FakeKey, older: SecretVersion[], registered?: string) => {
    const { key, digests } = holder
    const { id, environment: kind } = key
    const minted = registered ? null : generateKey({ brand: project.brand, kind, id, random })
    const added = newSecret(key, minted ? 'server' : 'client', now())
    const digest = registered ?? (await sha256Hex(minted?.secret ?? ''))
    const known = new Map([...digests, [added.version, digest]])
    const shown = change({ key, digests: known }, { secrets: [added, ...older] })
    return minted ? { key: shown, secret: minted.secret } : { key: shown }
  }

  return {
    create: (body: CreateKey) => {
      const id = body.id ?? generateId(random)
      if (keys.has(id)) throw new FakeProblem(409, 'id_taken')
      const holder = { key: draftKey(accept(body), id, project.id, now()), digests: new Map() }
      return addSecret(holder, [], body.secretSha256)
    },
    rotate: (id: string, body: RotateKey) => {
      const found = findUnrevoked(id)
      return addSecret(found, secretsToKeep(found.key, body, now()), body.secretSha256)
    },
    get: (id: string) => show(find(id).key),
    /** Newest first. */
    list: () => [...keys.values()].toReversed().map(({ key }) => show(key)),
    update: (id: string, body: UpdateKey) => change(findUnrevoked(id), accept(body)),
    setEnabled: (id: string, enabled: boolean) => change(findUnrevoked(id), { enabled }),
    setOverlap: (id: string, { overlapSeconds }: SetOverlap) => {
      const found = findUnrevoked(id)
      const endsAt = iso(now() + overlapSeconds * 1000)
      return change(found, { secrets: withEnd(found.key, endsAt, now()) })
    },
    revoke: (id: string, body: RevokeKey) => {
      const found = find(id)
      const { revoked, deletionProtection } = found.key
      const at = iso(now() + (body.afterSeconds ?? 0) * 1000)
      if (revoked && revoked.at <= at) return show(found.key)
      if (deletionProtection && !body.overrideProtection) {
        throw new FakeProblem(409, 'deletion_protected', { keyId: id })
      }
      return change(found, { revoked: { at, by: 'test', reason: body.reason ?? null } })
    },
    setQuotaUsed: (id: string, body: SetQuotaUsed) =>
      show(limits.setUsed(findUnrevoked(id).key, body)),
    verify: (request: VerifyRequest) => verify({ keys, limits }, request, now()),
  }
}

function requireFound(found: FakeKey | undefined): FakeKey {
  if (found) return found
  throw new FakeProblem(404, 'key_not_found')
}

async function verify(
  { keys, limits }: { keys: ReadonlyMap<string, FakeKey>; limits: FakeLimits },
  { secret, ...question }: VerifyRequest,
  now: number,
): Promise<Verdict> {
  const parsed = parseKey(secret)
  if (!parsed.ok) return { valid: false, code: 'malformed' }
  const found = keys.get(parsed.id)
  const digest = await sha256Hex(secret)
  const held = found?.key.secrets.find(({ version }) => found.digests.get(version) === digest)
  if (!found || !held) return { valid: false, code: 'unknown' }
  const verdict = decide(found.key, held, question, now)
  if (!verdict.valid) return verdict
  const { key } = verdict
  const taken = limits.take(found.key, question)
  if (taken.code !== 'valid') return { valid: false, key, ...taken }
  held.lastUsedAt = iso(now)
  return { ...verdict, ...taken }
}

function newSecret(key: Key, mintedBy: 'server' | 'client', now: number): SecretVersion {
  const version = Math.max(now, (key.secrets[0]?.version ?? 0) + 1)
  return { version, createdAt: iso(now), endsAt: null, lastUsedAt: null, mintedBy, start: null }
}

function secretsToKeep(key: Key, body: RotateKey, now: number): SecretVersion[] {
  const [present, second] = key.secrets
  if (!present) return []
  const older = second && !isOver(second.endsAt, now) ? [second] : []
  if (body.replaces !== undefined) {
    if (body.replaces === present.version) return older
    const { version: secretVersion } = present
    throw new FakeProblem(409, 'edit_conflict', { keyId: key.id, secretVersion })
  }
  const seconds = body.overlapSeconds ?? key.rotation?.overlapSeconds ?? DEFAULT_OVERLAP_SECONDS
  if (older.length > 0 && seconds > 0) {
    const secrets = key.secrets.map(({ version, endsAt, lastUsedAt }) => ({
      version,
      endsAt,
      lastUsedAt,
    }))
    throw new FakeProblem(409, 'overlap_running', { keyId: key.id, secrets })
  }
  return [{ ...present, endsAt: iso(now + seconds * 1000) }]
}

/** The secrets of a key while an overlap runs, with another end of the older one. */
function withEnd({ id, secrets }: Key, endsAt: string, now: number): SecretVersion[] {
  const [present, older] = secrets
  if (present && older && !isOver(older.endsAt, now)) return [present, { ...older, endsAt }]
  throw new FakeProblem(409, 'no_overlap', { keyId: id })
}

/**
 * What the fake does not know would let through, or refuse, where the service does not: policies, and
 * ranges, which are compared as text.
 */
function accept<Body extends UpdateKey>(body: Body): Body {
  const { ipAllowlist, policyIds = [] } = body
  if (policyIds.length > 0) {
    throw new FakeProblem(400, 'invalid_request', { detail: 'The fake knows no policies.' })
  }
  if (!ipAllowlist) return body
  if (!ipAllowlist.some((entry) => entry.includes('/'))) {
    return { ...body, ipAllowlist: ipAllowlist.map(toRange) }
  }
  throw new FakeProblem(400, 'invalid_request', { detail: 'The fake knows no address ranges.' })
}
