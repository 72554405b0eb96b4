import type { Project } from '../types.gen.ts'

/** What the fake is made of. `random` gives the bytes of ids and secrets. */
export interface FakeDeps {
  now: () => number
  random: (bytes: number) => Uint8Array
  project: Project
}
