import type { KeyStore } from '../key-store.ts'

export interface OpenedForContract {
  store: KeyStore
  /** Another store on the same data, once the first is closed. */
  reopen: () => Promise<KeyStore>
  cleanUp: () => Promise<void>
}

/** Opens an empty storage of its own. */
export type Open = () => Promise<OpenedForContract>

/** An empty store that closes itself and goes when the test ends. */
export type Empty = () => Promise<KeyStore>
