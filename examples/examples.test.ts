import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** One of them installs packages. */
const TIMEOUT_MS = 120_000

function run(command: string, args: string[]) {
  return spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
}

/** Ids and ports differ from run to run. */
function comparable(text: string): string {
  return text
    .replaceAll(/ks_live_1[0-9a-z]{16}_/g, 'ks_live_1<id>_')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
}

test.for(['ai-gateway', 'fastify-verify', 'hono-verify', 'migrate-from-better-auth'])(
  'the command in the README of %s prints what stands there',
  { timeout: TIMEOUT_MS },
  (name) => {
    const readme = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8')
    const [, output = ''] = /```text\n(.*?)```/s.exec(readme) ?? []
    expect(readme).toContain(`\nnpm ci && npm run example -- ${name}\n`)
    const { status, stdout, stderr } = run('npm', ['run', '-s', 'example', '--', name])
    expect(comparable(stdout), stderr).toBe(comparable(output))
    expect(output).not.toBe('')
    expect(status).toBe(0)
  },
)

test(
  'the part of the migration that the repository has no packages for fits their types',
  () => {
    const example = 'examples/migrate-from-better-auth'
    const isInstalled = existsSync(join(ROOT, example, 'better-auth/node_modules'))
    if (!isInstalled) run('npm', ['run', '-s', 'prestart', '--prefix', example])
    expect(run('tsc', ['-p', join(example, 'better-auth')]).stdout).toBe('')
  },
  TIMEOUT_MS,
)

test('an example that does not exist is refused with the names of those that do', () => {
  const { status, stderr } = run('npm', ['run', '-s', 'example', '--', 'nothing'])
  expect(stderr).toContain('ai-gateway|fastify-verify|hono-verify|migrate-from-better-auth')
  expect(status).toBe(2)
})
