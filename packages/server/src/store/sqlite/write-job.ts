import type { Change, KeyStore } from '../key-store.ts'

/** The methods of the store that write, and run in the writer thread. */
export type WriteName =
  | 'insertProject'
  | 'updateProject'
  | 'deleteProject'
  | 'insertKey'
  | 'insertImportedKey'
  | 'updateKey'
  | 'setKeyEnabled'
  | 'replaceSecret'
  | 'setSecretEnd'
  | 'revokeKey'
  | 'insertPolicy'
  | 'updatePolicy'
  | 'deletePolicy'
  | 'insertToken'
  | 'revokeToken'
  | 'recordUses'
  | 'charge'
  | 'endReservation'
  | 'expireReservations'
  | 'forgetReservations'
  | 'forgetChargeRequests'
  | 'setQuotaUsed'
  | 'addUsage'
  | 'rollUpUsage'

export type WriteArguments<Name extends WriteName> = Parameters<KeyStore[Name]>
export type WriteResult<Name extends WriteName> = Awaited<ReturnType<KeyStore[Name]>>

export interface WriteJob<Name extends WriteName = WriteName> {
  name: Name
  args: WriteArguments<Name>
}

/** What became of one job of a batch. */
export type JobResult = { ok: true; outcome: unknown } | { ok: false; message: string }

export type WriterMessage =
  | { type: 'ready' }
  | { type: 'refused'; message: string; exitCode: number }
  | { type: 'batch'; results: JobResult[] }
  /** A commit could not be made durable: nothing after it can be trusted. */
  | { type: 'fatal'; message: string }

/** The writing methods as they run in the writer thread, inside a savepoint. */
export type Operations = {
  [Name in WriteName]: (...args: WriteArguments<Name>) => WriteResult<Name>
}

/** Ends a write: exactly one row was changed and the change is put on record, else it is undone. */
export type Finish = (changes: number, change: Change) => 'ok'
