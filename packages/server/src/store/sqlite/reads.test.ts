import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { migrateUp } from './migrate.ts'
import { prepareReads } from './reads.ts'

/** The plans of all statements of a list, as SQLite explains them. */
function plansOf(list: (reads: ReturnType<typeof prepareReads>) => unknown): string[] {
  const db = new Database(':memory:')
  onTestFinished(() => {
    db.close()
  })
  migrateUp(db, 0)
  const plans: string[] = []
  const prepare = db.prepare.bind(db)
  // Every statement that runs is explained as well, with the same parameters.
  db.prepare = ((sql: string) => {
    const statement = prepare(sql)
    const all = statement.all.bind(statement)
    statement.all = (...parameters: unknown[]) => {
      const steps = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
      plans.push(steps.map((step) => step.detail).join('; '))
      return all(...parameters)
    }
    const get = statement.get.bind(statement)
    statement.get = (...parameters: unknown[]) => {
      statement.all(...parameters)
      return get(...parameters)
    }
    return statement
  }) as typeof db.prepare
  list(prepareReads(db))
  return plans
}

const page = { limit: 10, cursor: { at: 1, id: 'a' } }
const keyFilter = {
  now: 1,
  status: null,
  environment: null,
  owner: null,
  name: null,
  managedBy: null,
}
const auditFilter = { action: null, beforeSeq: 5, limit: 10 }

test.each<[string, Parameters<typeof plansOf>[0], RegExp]>([
  ['all keys', (reads) => reads.keys({ ...keyFilter, ...page, scope: null }), /INDEX keys_page \(/],
  [
    'the keys of a project',
    (reads) => reads.keys({ ...keyFilter, ...page, scope: 'p' }),
    /INDEX keys_project_page \(project_id=\? AND \(created_at,id\)</,
  ],
  ['tokens', (reads) => reads.tokens({ ...page, scope: null }), /INDEX tokens_page \(/],
  [
    'all policies',
    (reads) => reads.policyPage({ ...page, scope: null, name: null }),
    /INDEX policies_page \(/,
  ],
  [
    'the policies of a project',
    (reads) => reads.policyPage({ ...page, scope: 'p', name: null }),
    /INDEX policies_project_page \(project_id=\? AND \(created_at,id\)</,
  ],
  ['projects', (reads) => reads.projects({ ...page, scope: null, name: null }), /projects_page \(/],
  [
    'all audit events',
    (reads) => reads.auditEvents({ ...auditFilter, scope: null, targetId: null }),
    /PRIMARY KEY \(rowid</,
  ],
  [
    'the audit events of a project',
    (reads) => reads.auditEvents({ ...auditFilter, scope: 'p', targetId: null }),
    /audit_events_project \(project_id=\? AND seq</,
  ],
  [
    'the audit events of one target',
    (reads) => reads.auditEvents({ ...auditFilter, scope: 'p', targetId: 't' }),
    /audit_events_target \(target_id=\? AND seq</,
  ],
])('a page of %s is found by an index at any depth, and never sorted', (_name, list, index) => {
  const plans = plansOf(list)
  expect(plans).toHaveLength(1)
  expect(plans[0]).toMatch(index)
  expect(plans[0]).not.toContain('TEMP B-TREE FOR ORDER BY')
})

const usageQuery = { keyId: 'k', scope: 'p', from: 0, to: 1 }

test.each(['hour', 'day'] as const)(
  'usage by the %s is found by the key and the time alone',
  (resolution) => {
    const plans = plansOf((reads) => reads.usage({ ...usageQuery, resolution }))
    expect(plans).toHaveLength(1)
    expect(plans[0]).toMatch(
      /SEARCH usage USING PRIMARY KEY \(key_id=\? AND resolution=\? AND start>\? AND start<\?\)/,
    )
    expect(plans[0]).not.toContain('SCAN')
  },
)

test.each<[string, Parameters<typeof plansOf>[0], string[]]>([
  [
    'an imported secret by its digest',
    (reads) => reads.importedByDigest(Buffer.alloc(32), 'p'),
    ['INDEX secrets_imported_digest (digest=?)', 'SEARCH keys USING PRIMARY'],
  ],
  [
    'imported secrets by their tag',
    (reads) => reads.importedByTag(1, 'pepper1', null),
    ['INDEX secrets_imported_tag (tag=?)', 'SEARCH keys USING PRIMARY'],
  ],
  [
    'the projects with imported keys',
    (reads) => reads.importedProjects(),
    ['secrets_imported_digest', 'secrets_imported_tag', 'SEARCH keys USING PRIMARY'],
  ],
])('%s: found by an index of imported secrets alone', (_name, find, steps) => {
  const plans = plansOf(find)
  expect(plans).toHaveLength(1)
  for (const step of steps) expect(plans[0]).toContain(step)
  expect(plans[0]).not.toMatch(/SCAN (?:secrets|keys)(?: USING PRIMARY|;|$)/)
})

test.each<[string, Parameters<typeof plansOf>[0]]>([
  ['read', (reads) => reads.policyKeys('p', 1, 10)],
  ['counted', (reads) => reads.policyKeyCounts(['p'], 1)],
])('the keys of a policy are %s by its index, never by a walk over all keys', (_how, read) => {
  const plans = plansOf(read)
  expect(plans).toHaveLength(1)
  expect(plans[0]).toContain('SEARCH key_policies USING PRIMARY KEY (policy_id=?)')
  expect(plans[0]).toContain('SEARCH keys USING PRIMARY KEY (id=?)')
})

test('a verification of a key without policies reads no policy', () => {
  const db = new Database(':memory:')
  onTestFinished(() => {
    db.close()
  })
  migrateUp(db, 0)
  const { policies } = prepareReads(db)
  db.exec('ALTER TABLE policies RENAME TO gone')
  expect(policies([])).toEqual([])
  expect(() => policies(['p'])).toThrow(/no such table/)
})
