import { describe, expect, test } from 'vitest'
import { useCaller } from './_caller.ts'
import { keysmith } from './_process.ts'

const { run, json, settings } = useCaller()

describe('policies', () => {
  test('are created, shown, changed and deleted', async () => {
    const limits = ['--rate-limit', 'requests=60/1m', '--quota', 'tokens=1000/month']
    const lists = ['--permission', 'jobs:read', '--model', 'llama-*', '--ip', '10.0.0.0/8']
    const created = await run([
      ...['policy', 'create', '--name', 'developer', '--max-lifetime', '90d', ...lists, ...limits],
    ])
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect(created.stdout).toMatch(
      /^id +[0-9a-z]{16}\nname +developer\nproject +[0-9a-z]{16}\npermissions +jobs:read\nmodels +llama-\*\naddresses +10\.0\.0\.0\/8\nrate limits +requests=60\/1m\nquotas +tokens=1000\/month\nmax lifetime +90d\nkeys +0\ncreated +/,
    )
    const [policy] = await json(['policy', 'list', '--name', 'developer'])
    expect(policy).toMatchObject({
      permissions: ['jobs:read'],
      allowedModels: ['llama-*'],
      ipAllowlist: ['10.0.0.0/8'],
      rateLimits: { requests: { limit: 60, windowSeconds: 60 } },
      quotas: { tokens: { limit: 1000, period: 'month' } },
      maxLifetimeSeconds: 7_776_000,
    })
    expect(await json(['policy', 'get', policy.id])).toEqual(policy)
    const renamed = ['--name', 'engineer', '--description', 'who builds', '--quota', 'none']
    expect(await json(['policy', 'update', policy.id, ...renamed])).toMatchObject({
      ...policy,
      name: 'engineer',
      description: 'who builds',
      quotas: {},
      updatedAt: expect.any(String),
    })
    const cleared = ['--model', 'any', '--ip', 'any', '--rate-limit', 'none', '--max-lifetime']
    const more = ['none', '--permission', 'none', '--description', 'none']
    expect(await json(['policy', 'update', policy.id, ...cleared, ...more])).toMatchObject({
      description: null,
      permissions: [],
      allowedModels: null,
      ipAllowlist: null,
      rateLimits: {},
      maxLifetimeSeconds: null,
    })
    expect(await json(['policy', 'update', policy.id, '--model', 'none'])).toMatchObject({
      allowedModels: [],
    })
    const unasked = await run(['policy', 'delete', policy.id])
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toMatch(/Add --yes\. Nothing was changed\.\n$/)
    const deleted = await run(['policy', 'delete', policy.id, '--yes'])
    expect(deleted).toEqual({ code: 0, stdout: `deleted  ${policy.id}\n`, stderr: '' })
    expect((await run(['policy', 'get', policy.id])).code).toBe(6)
  })

  test('belong to a project: that of the option, else that of the settings', async () => {
    const { id } = await json(['project', 'create', '--name', 'reports'])
    const inProject = { ...settings(), KEYSMITH_PROJECT: 'reports' }
    const byOption = await json(['policy', 'create', '--name', 'a', '--project', 'reports'])
    const bySetting = await keysmith(['policy', 'create', '--name', 'b', '--json'], inProject)
    expect([byOption.project, JSON.parse(bySetting.stdout).project]).toEqual([id, id])
    await json(['policy', 'create', '--name', 'c'])
    const table = await run(['policy', 'list', '--project', 'reports'])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    const [header, ...rows] = table.stdout.trimEnd().split('\n')
    expect(header).toMatch(/^ID +NAME +KEYS +CREATED +PERMISSIONS +LIMITS *$/)
    expect(rows.map((row) => row.split(/ +/)[1])).toEqual(['b', 'a'])
    const listed = await keysmith(['policy', 'list', '--json'], inProject)
    expect(JSON.parse(listed.stdout)).toHaveLength(2)
  })

  test('are refused with a reason, and nothing is changed', async () => {
    const { id } = await json(['policy', 'create', '--name', 'd'])
    const taken = await run(['policy', 'create', '--name', 'd'])
    expect(taken).toMatchObject({ code: 1, stdout: '' })
    expect(taken.stderr).toMatch(/^keysmith: The name is in use\. .*\n$/)
    expect(await run(['policy', 'update', id])).toMatchObject({
      code: 2,
      stderr: 'keysmith: Nothing to change. See keysmith policy update --help.\n',
    })
    for (const wrong of [
      ['--rate-limit', 'requests=1'],
      ['--quota', 'tokens=1/year'],
      ['--max-lifetime', '5'],
    ]) {
      const { code, stderr } = await run(['policy', 'update', id, ...wrong])
      expect([code, stderr.includes(wrong[0] ?? '')]).toEqual([2, true])
    }
    expect(await json(['policy', 'get', id])).toMatchObject({ rateLimits: {}, quotas: {} })
  })
})

describe('the bounds of a project', () => {
  test('are set, shown and taken away', async () => {
    const options = [
      ...['--default-rate-limit', 'requests=60/1m', '--default-quota', 'tokens=9/day'],
      ...['--max-lifetime', '90d', '--model', 'llama-*', '--model', 'mistral'],
      ...['--special-permission', 'device:priority=Priority over my device'],
      ...['--delivery', 'sealed', '--delivery', 'own', '--reservation-expiry', 'charged'],
    ]
    const created = await run(['project', 'create', '--name', 'bounded', ...options])
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect(created.stdout).toMatch(
      /\ndefault rate limits +requests=60\/1m\ndefault quotas +tokens=9\/day\nmax lifetime +90d\nmodels +llama-\* mistral\nspecial permissions +device:priority\ndelivery +sealed own\nforgotten reservations +charged\n/,
    )
    expect(await json(['project', 'get', 'bounded'])).toMatchObject({
      defaultRateLimits: { requests: { limit: 60, windowSeconds: 60 } },
      defaultQuotas: { tokens: { limit: 9, period: 'day' } },
      maxLifetimeSeconds: 7_776_000,
      models: ['llama-*', 'mistral'],
      specialPermissions: [{ name: 'device:priority', label: 'Priority over my device' }],
      allowedDelivery: ['sealed', 'own'],
      reservationExpiry: 'charged',
    })
    const none = [
      ...['--default-rate-limit', 'none', '--default-quota', 'none', '--max-lifetime', 'none'],
      ...['--model', 'none', '--special-permission', 'none', '--delivery', 'any'],
      ...['--reservation-expiry', 'released'],
    ]
    expect(await json(['project', 'update', 'bounded', ...none])).toMatchObject({
      defaultRateLimits: {},
      defaultQuotas: {},
      maxLifetimeSeconds: null,
      models: [],
      specialPermissions: [],
      allowedDelivery: null,
      reservationExpiry: 'released',
    })
    const wrong = await run(['project', 'update', 'bounded', '--delivery', 'pigeon'])
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
  })
})

test('changes of policies are in the log of changes', async () => {
  const { id } = await json(['policy', 'create', '--name', 'logged'])
  const table = await run(['audit', 'list', '--target', id, '--action', 'policy.created'])
  expect(table.stdout).toContain(`policy ${id}`)
})
