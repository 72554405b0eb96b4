import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { breakingChanges } from './check-breaking.ts'

const OPENAPI = join(import.meta.dirname, '../docs/reference/openapi.json')
const SCRIPT = join(import.meta.dirname, 'check-breaking.ts')

function document() {
  return JSON.parse(readFileSync(OPENAPI, 'utf8'))
}

test('the same description breaks nothing, and neither does an added field or operation', () => {
  const now = document()
  now.components.schemas.Key.properties.extra = { type: 'string' }
  now.paths['/v1/extra'] = { get: {} }
  expect(breakingChanges(document(), now)).toEqual([])
})

test('each kind of breaking change is named', () => {
  const now = document()
  delete now.paths['/v1/whoami']
  delete now.components.schemas.Key.properties.owner
  now.components.schemas.CreateKey.required.push('owner')
  now.components.schemas.Key.properties.name.type = 'integer'
  now.components.schemas.Token.properties.status.enum = ['active']
  now.paths['/v1/keys'].get.parameters.pop()
  const changes = breakingChanges(document(), now)
  expect(changes).toContain('GET /v1/whoami is gone')
  expect(changes).toContain('Key.owner is gone')
  expect(changes).toContain('CreateKey.owner is newly required')
  expect(changes).toContain('Key.name changed its type')
  expect(changes).toContain('Token.status no longer knows revoked')
  expect(changes.filter((change) => change.startsWith('GET /v1/keys: the parameter'))).toHaveLength(
    1,
  )
})

test('a breaking change fails the build unless a changeset says major', () => {
  const root = mkdtempSync(join(tmpdir(), 'keysmith-breaking-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'docs/reference'), { recursive: true })
  mkdirSync(join(root, '.changeset'))
  cpSync(OPENAPI, join(root, 'docs/reference/openapi.released.json'))
  const now = document()
  delete now.paths['/v1/whoami']
  writeFileSync(join(root, 'docs/reference/openapi.json'), JSON.stringify(now))

  const refused = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' })
  expect(refused.status).toBe(1)
  expect(refused.stdout).toContain('GET /v1/whoami is gone')

  writeFileSync(join(root, '.changeset/big.md'), "---\n'@keysmith/server': major\n---\n\nBig.\n")
  expect(() => execFileSync(process.execPath, [SCRIPT, root])).not.toThrow()
})
