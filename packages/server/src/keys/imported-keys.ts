import type { KeyStore } from '../store/key-store.ts'
import { Gate } from './gate.ts'
import { ImportedProjects } from './imported-projects.ts'
import { SecretMemory } from './secret-memory.ts'

/** Argon2id takes 19 MiB and 20 ms of a core each time. */
const HASHING = { running: 2, waiting: 32 }
const IMPORTING = { running: 1, waiting: 8 }

/** What imported keys need besides: they have strings of any shape, and some are slow to check. */
export interface ImportedKeys {
  projects: ImportedProjects
  memory: SecretMemory
  /** Argon2id on the way to a verdict. */
  hashing: Gate
  /** Imports: one after the other, so that each sees the keys of the one before. */
  importing: Gate
}

export async function loadImportedKeys(
  store: Pick<KeyStore, 'listImportedProjects'>,
): Promise<ImportedKeys> {
  return {
    projects: new ImportedProjects(await store.listImportedProjects()),
    memory: new SecretMemory(),
    hashing: new Gate(HASHING),
    importing: new Gate(IMPORTING),
  }
}
