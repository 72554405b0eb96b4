import type Database from 'better-sqlite3'
import type { ImportedCandidate, ImportedRef, Scope } from '../key-store.ts'

const REF = 'secrets.key_id AS keyId, keys.project_id AS projectId, secrets.version'
const FROM = 'FROM secrets JOIN keys ON keys.id = secrets.key_id'
const IN_SCOPE = '(@scope IS NULL OR keys.project_id = @scope)'
/** The condition of the unique index, word for word: only then does SQLite use it. */
const FAST = "minted_by = 'import' AND hash_class = 'hmac'"

/** Secrets that were issued elsewhere and have no id of ours: found by what is kept of them. */
export function prepareImportedReads(db: Database.Database) {
  const byDigest = db.prepare<unknown[], ImportedRef>(
    `SELECT ${REF} ${FROM} WHERE secrets.digest = @digest AND ${FAST} AND ${IN_SCOPE}`,
  )
  const byTag = db.prepare<unknown[], ImportedCandidate>(`
    SELECT ${REF}, secrets.digest, secrets.kdf ${FROM}
    WHERE secrets.tag = @tag AND secrets.pepper_id = @pepperId AND ${IN_SCOPE}`)
  // Named indexes: by itself SQLite reads the secrets of all keys.
  const projects = db
    .prepare<[], string>(`
      SELECT DISTINCT project_id FROM keys WHERE id IN (
        SELECT key_id FROM secrets INDEXED BY secrets_imported_digest WHERE ${FAST}
        UNION ALL
        SELECT key_id FROM secrets INDEXED BY secrets_imported_tag WHERE tag IS NOT NULL)`)
    .pluck()
  return {
    importedByDigest: (digest: Uint8Array, scope: Scope): ImportedRef | null =>
      byDigest.get({ digest: Buffer.from(digest), scope }) ?? null,
    importedByTag: (tag: number, pepperId: string, scope: Scope): ImportedCandidate[] =>
      byTag.all({ tag, pepperId, scope }),
    importedProjects: (): string[] => projects.all(),
  }
}
