import { generateId, generateKey, parseKey } from '@keysmith/key-format'
import { sha256Hex } from '../sha256.ts'
import type {
  CreateKey,
  Key,
  Project,
  RevokeKey,
  RotateKey,
  SecretVersion,
  SetOverlap,
  UpdateKey,
  VerifyRequest,
} from '../types.gen.ts'
import type { Verdict } from '../verdict.ts'
import { type Changes, draftKey, type FakeKey, showKey, withChanges } from './fake-key.ts'
import { FakeProblem } from './fake-problem.ts'
import { isOver, iso } from './fake-time.ts'
import { decide, toRange } from './fake-verdict.ts'

/** What the fake is made of. `random` gives the bytes of ids and secrets. */
export interface FakeDeps {
  now: () => number
  random: (bytes: number) => Uint8Array
  project: Project
}

export type FakeKeys = ReturnType<typeof createFakeKeys>

const DEFAULT_OVERLAP_SECONDS = 86_400

/** Keys in memory, with the rules of the service. */
export function createFakeKeys({ now, random, project }: FakeDeps) {
  const keys = new Map<string, FakeKey>()

  const find = (id: string): FakeKey => {
    const found = keys.get(id)
    if (!found) throw new FakeProblem(404, 'key_not_found')
    return found
  }
  const findUnrevoked = (id: string): FakeKey => {
    const found = find(id)
    if (!isOver(found.key.revoked?.at, now())) return found
    throw new FakeProblem(409, 'key_revoked', { keyId: id })
  }
  const change = ({ key, digests }: FakeKey, changes: Changes): Key => {
    const changed = withChanges(key, changes, now())
    keys.set(key.id, { key: changed, digests })
    return showKey(changed, now())
  }
  const addSecret = async (holder: FakeKey, older: SecretVersion[], registered?: string) => {
    const { key, digests } = holder
    const minted = registered ? null : mint(key)
    const added = newSecret(key, minted ? 'server' : 'client', now())
    const digest = registered ?? (await sha256Hex(minted?.secret ?? ''))
    const known = new Map([...digests, [added.version, digest]])
    const shown = change({ key, digests: known }, { secrets: [added, ...older] })
    return minted ? { key: shown, secret: minted.secret } : { key: shown }
  }
  const mint = ({ id, environment: kind }: Key) =>
    generateKey({ brand: project.brand, kind, id, random })

  return {
    create: (body: CreateKey) => {
      const id = body.id ?? generateId(random)
      if (keys.has(id)) throw new FakeProblem(409, 'id_taken')
      const key = draftKey(withAddresses(body), id, project.id, now())
      return addSecret({ key, digests: new Map() }, [], body.secretSha256)
    },
    rotate: (id: string, body: RotateKey) => {
      const found = findUnrevoked(id)
      return addSecret(found, secretsToKeep(found.key, body, now()), body.secretSha256)
    },
    get: (id: string) => showKey(find(id).key, now()),
    /** Newest first. */
    list: () => [...keys.values()].toReversed().map(({ key }) => showKey(key, now())),
    update: (id: string, body: UpdateKey) => change(findUnrevoked(id), withAddresses(body)),
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
      if (revoked && revoked.at <= at) return showKey(found.key, now())
      if (deletionProtection && !body.overrideProtection) {
        throw new FakeProblem(409, 'deletion_protected', { keyId: id })
      }
      return change(found, { revoked: { at, by: 'test', reason: body.reason ?? null } })
    },
    verify: (request: VerifyRequest) => verify(keys, request, now()),
  }
}

async function verify(
  keys: ReadonlyMap<string, FakeKey>,
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
  if (verdict.valid) held.lastUsedAt = iso(now)
  return verdict
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

/** A range that is compared as text would refuse where the service lets through. */
function withAddresses<Body extends { ipAllowlist?: string[] | null }>(body: Body): Body {
  const { ipAllowlist } = body
  if (!ipAllowlist) return body
  if (!ipAllowlist.some((entry) => entry.includes('/'))) {
    return { ...body, ipAllowlist: ipAllowlist.map(toRange) }
  }
  throw new FakeProblem(400, 'invalid_request', { detail: 'The fake knows no address ranges.' })
}
