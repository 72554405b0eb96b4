import type { Scope } from '../store/key-store.ts'

/**
 * The projects that hold imported keys, so that everywhere else a malformed string costs no database
 * work. It only grows: a project leaves it with the next start.
 */
export class ImportedProjects {
  readonly #ids: Set<string>

  constructor(ids: Iterable<string>) {
    this.#ids = new Set(ids)
  }

  /** To be called after the commit of an import and before its answer. */
  add(projectId: string): void {
    this.#ids.add(projectId)
  }

  /** May a string of any shape be a secret of this scope? */
  mayHold(scope: Scope): boolean {
    return scope === null ? this.#ids.size > 0 : this.#ids.has(scope)
  }
}
