import type { Change, KeyStore } from '../key-store.ts'
import type { PackedCharge, PackedOutcome } from './charge-message.ts'

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

export type WriteArguments<Name extends WriteName> = Name extends 'charge'
  ? PackedCharge
  : Parameters<KeyStore[Name]>
export type WriteResult<Name extends WriteName> = Name extends 'charge'
  ? PackedOutcome
  : Awaited<ReturnType<KeyStore[Name]>>

export interface WriteJob<Name extends WriteName = WriteName> {
  name: Name
  args: WriteArguments<Name>
}

/** Several jobs on their way to the writer thread: two lists are copied faster than a list of objects. */
export interface WriteBatch {
  names: WriteName[]
  args: unknown[][]
}

/** What became of a batch: an outcome for each job in its order, but for those that failed. */
export interface BatchResult {
  outcomes: unknown[]
  failures: { index: number; message: string }[]
}

export type WriterMessage =
  | { type: 'ready' }
  | { type: 'refused'; message: string; exitCode: number }
  | { type: 'batch'; result: BatchResult }
  /** A commit could not be made durable: nothing after it can be trusted. */
  | { type: 'fatal'; message: string }

/** The writing methods as they run in the writer thread. Each is all or nothing. */
export type Operations = {
  [Name in WriteName]: (...args: WriteArguments<Name>) => WriteResult<Name>
}

/** Ends a write: exactly one row was changed and the change is put on record, else it is undone. */
export type Finish = (changes: number, change: Change) => 'ok'

/** Runs it inside a savepoint: what it did is undone when it throws. */
export type InSavepoint = <Result>(run: () => Result) => Result
