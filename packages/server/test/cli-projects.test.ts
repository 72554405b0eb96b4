import { describe, expect, test } from 'vitest'
import { expectNoSecret, useCaller } from './_caller.ts'

const { run, json, createKey } = useCaller()

describe('projects', () => {
  test('are created, shown, changed and deleted', async () => {
    const created = await run(['project', 'create', '--name', 'payments', '--brand', 'pay'])
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect(created.stdout).toMatch(
      /^id +[0-9a-z]{16}\nname +payments\nbrand +pay\nstate +enabled\n/,
    )
    const project = await json(['project', 'get', 'payments'])
    expect(project).toMatchObject({ name: 'payments', brand: 'pay', deletionProtection: true })
    const options = ['--name', 'billing', '--description', 'all money', '--enabled', 'off']
    const changed = await json(['project', 'update', 'payments', ...options])
    expect(changed).toMatchObject({ id: project.id, name: 'billing', enabled: false })
    const cleared = ['--description', 'none', '--deletion-protection', 'off']
    expect(await json(['project', 'update', project.id, ...cleared])).toMatchObject({
      ...{ description: null, deletionProtection: false },
    })
    const unasked = await run(['project', 'delete', 'billing'])
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toMatch(/Add --yes\. Nothing was changed\.\n$/)
    const deleted = await run(['project', 'delete', 'billing', '--yes'])
    expect(deleted).toEqual({ code: 0, stdout: 'deleted  billing\n', stderr: '' })
    expect((await run(['project', 'get', 'billing'])).code).toBe(6)
  })

  test('are listed, newest first', async () => {
    await json(['project', 'create', '--name', 'second'])
    const table = await run(['project', 'list'])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    const rows = table.stdout.trimEnd().split('\n')
    expect(rows[0]).toMatch(/^ID +NAME +BRAND +STATE +CREATED +DESCRIPTION$/)
    expect(rows[1]).toMatch(/^[0-9a-z]{16} +second +ks +enabled +20/)
    expect(await json(['project', 'list', '--limit', '1'])).toMatchObject([{ name: 'second' }])
  })

  test('with usable keys or protection are not deleted, and the reason is said', async () => {
    const refused = await run(['project', 'delete', 'default', '--yes'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^keysmith: Deletion protection is on\. .*\n$/)
    const taken = await run(['project', 'create', '--name', 'default'])
    expect(taken.stderr).toMatch(/^keysmith: The name is in use\. .*\n$/)
  })
})

describe('audit list', () => {
  test('shows who changed what, newest first, and never a secret', async () => {
    const { id } = await createKey('--permission', 'jobs:write')
    await json(['key', 'rotate', id])
    await json(['key', 'revoke', id, '--reason', 'done', '--yes'])
    const events = await json(['audit', 'list', '--target', id])
    const actions = events.map(({ action }: { action: string }) => action)
    expect(actions).toEqual(['key.revoked', 'key.rotated', 'key.created'])
    const table = await run(['audit', 'list', '--target', id, '--action', 'key.created'])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    const [header, row, end] = table.stdout.split('\n')
    expect(header).toMatch(/^EVENT +AT +ACTION +TARGET +BY +DETAILS$/)
    expect(row).toMatch(
      new RegExp(`^\\d+ +20.* key.created +key ${id} +[0-9a-z]{16} +{.*jobs:write`),
    )
    expect(end).toBe('')
    const newest = await run(['audit', 'list', '--limit', '1'])
    expect(newest.stderr).toMatch(/there are more/)
    expectNoSecret(table.stdout, newest.stdout, JSON.stringify(events))
  })
})
