import type Database from 'better-sqlite3'
import {
  type Change,
  type ChangeListener,
  type KeyStore,
  StorageUnavailable,
} from '../key-store.ts'
import type { PolicyStore } from '../policy-store.ts'
import type { QuotaStore } from '../quota-store.ts'
import type { UsageStore } from '../usage-store.ts'
import { packCharge, unpackOutcome } from './charge-message.ts'
import { prepareReads } from './reads.ts'
import { TurnReads } from './turn-reads.ts'
import type { WriteArguments, WriteName, WriteResult } from './write-job.ts'
import type { Writer } from './writer.ts'

type Reads = ReturnType<typeof prepareReads>

/** Writes a change, whose entry of the audit log comes last. */
type Write = <Name extends WriteName>(
  name: Name,
  ...args: WriteArguments<Name>
) => Promise<WriteResult<Name>>

/**
 * Keys in one SQLite file. Reads run on a read-only connection of this thread; writes go to the writer
 * thread. After each commit the listeners are told before the caller is.
 */
export function createSqliteKeyStore(options: {
  reader: Database.Database
  writer: Writer
  instanceId: string
}): KeyStore {
  const { reader, writer, instanceId } = options
  const listeners: ChangeListener[] = []
  const reads = prepareReads(reader)
  const turnReads = new TurnReads(reader)

  const write: Write = (name, ...args) => {
    const change = args.at(-1) as Change
    return writer.write(name, args, (outcome) => {
      if (outcome === 'ok') for (const listener of listeners) listener(change.entry.target)
    })
  }

  return {
    instanceId,
    insertProject: (...args) => write('insertProject', ...args),
    findProject: (idOrName, scope) => read(() => reads.project(idOrName, scope)),
    listProjects: (filter) => read(() => reads.projects(filter)),
    updateProject: (...args) => write('updateProject', ...args),
    deleteProject: (...args) => write('deleteProject', ...args),
    insertKey: (...args) => write('insertKey', ...args),
    insertImportedKey: (...args) => write('insertImportedKey', ...args),
    getKey: (id, scope) => read(() => reads.key(id, scope)),
    listKeys: (filter) => read(() => reads.keys(filter)),
    countRotationsDue: (scope, now) => read(() => reads.rotationsDue(scope, now)),
    updateKey: (...args) => write('updateKey', ...args),
    setKeyEnabled: (...args) => write('setKeyEnabled', ...args),
    replaceSecret: (...args) => write('replaceSecret', ...args),
    setSecretEnd: (...args) => write('setSecretEnd', ...args),
    revokeKey: (...args) => write('revokeKey', ...args),
    insertToken: (...args) => write('insertToken', ...args),
    getToken: (id, scope) => read(() => reads.token(id, scope)),
    listTokens: (filter) => read(() => reads.tokens(filter)),
    revokeToken: (...args) => write('revokeToken', ...args),
    ...policyMethods(reads, write),
    ...quotaMethods(reads, writer, write),
    ...usageMethods(reads, writer),
    findForVerification: (id) => turnReads.read(() => reads.verification(id)),
    findImportedByDigest: (digest, scope) => read(() => reads.importedByDigest(digest, scope)),
    findImportedByTag: (...args) => read(() => reads.importedByTag(...args)),
    listImportedProjects: () => read(() => reads.importedProjects()),
    findTokenForVerification: (id) => read(() => reads.tokenVerification(id)),
    recordUses: (uses) => writer.write('recordUses', [uses]),
    findIdempotency: (actorId, key, now) => read(() => reads.idempotency(actorId, key, now)),
    listAuditEvents: (filter) => read(() => reads.auditEvents(filter)),
    readAuditChain: (afterSeq, limit) => read(() => reads.auditChain(afterSeq, limit)),
    auditHead: () => read(() => reads.auditHead()),
    watchChanges: (listener) => {
      listeners.push(listener)
    },
    ping: () => read(() => reads.ping()),
    close: () => closeBoth(reader, writer),
  }
}

/** A failing read is a failing storage, never an answer. */
async function read<T>(run: () => T): Promise<T> {
  try {
    return run()
  } catch (error) {
    throw new StorageUnavailable('the database cannot be read', { cause: error })
  }
}

function policyMethods(reads: Reads, write: Write): PolicyStore {
  return {
    insertPolicy: (...args) => write('insertPolicy', ...args),
    getPolicy: (id, scope) => read(() => reads.policy(id, scope)),
    findPolicies: (ids) => read(() => reads.policies(ids)),
    listPolicies: (filter) => read(() => reads.policyPage(filter)),
    listPolicyKeys: (...args) => read(() => reads.policyKeys(...args)),
    countPolicyKeys: (...args) => read(() => reads.policyKeyCounts(...args)),
    updatePolicy: (...args) => write('updatePolicy', ...args),
    deletePolicy: (...args) => write('deletePolicy', ...args),
  }
}

function quotaMethods(reads: Reads, writer: Writer, write: Write): QuotaStore {
  return {
    charge: (request) => writer.write('charge', packCharge(request)).then(unpackOutcome),
    endReservation: (end) => writer.write('endReservation', [end]),
    expireReservations: (...args) => writer.write('expireReservations', args),
    forgetReservations: (...args) => writer.write('forgetReservations', args),
    forgetChargeRequests: (...args) => writer.write('forgetChargeRequests', args),
    setQuotaUsed: (...args) => write('setQuotaUsed', ...args),
    readCounters: (keyIds) => read(() => reads.counters(keyIds)),
    findChargeRequest: (actorId, key, now) => read(() => reads.chargeRequest(actorId, key, now)),
  }
}

function usageMethods(reads: Reads, writer: Writer): UsageStore {
  return {
    addUsage: (counts) => writer.write('addUsage', [counts]),
    rollUpUsage: (...args) => writer.write('rollUpUsage', args),
    readUsage: (query) => read(() => reads.usage(query)),
  }
}

/** The writing connection goes last: it checkpoints the WAL. */
async function closeBoth(reader: Database.Database, writer: Writer): Promise<void> {
  reader.close()
  await writer.close()
}
