import fc from 'fast-check'
import { ALL_SETTINGS, command, period, pick, type Real, same } from './_ledger-command.ts'
import { changeOf, someSecret } from './_records.ts'
import type { ReferenceLedger, Setting } from './_reference-ledger.ts'

const MAX = Number.MAX_SAFE_INTEGER
const limit = fc.oneof(
  { weight: 12, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constant(MAX) },
)

/** Changes on the key as a caller makes them; a revoked one refuses. */
async function edit(
  ledger: ReferenceLedger,
  { key }: Real,
  write: (change: ReturnType<typeof changeOf>) => Promise<string>,
): Promise<boolean> {
  const outcome = await write(changeOf({ kind: 'key', id: key.id }))
  same(outcome, ledger.revoked ? 'conflict' : 'ok')
  if (outcome === 'ok') ledger.revision += 1
  return outcome === 'ok'
}

export const quotas = fc
  .record({ pick, limit: fc.option(limit, { freq: 9 }), period })
  .map((asked) =>
    command(`quota ${JSON.stringify(asked)}`, async (ledger, real) => {
      const { revision, now } = ledger
      const isEdited = await edit(ledger, real, (change) =>
        real.store.updateKey({ ...real.key, updatedAt: now }, revision, change),
      )
      if (!isEdited) return
      const place = asked.pick % ALL_SETTINGS.length
      const { sourceId, name } = ALL_SETTINGS[place] as Setting
      const others = ledger.settings.filter(
        (each) => each.sourceId !== sourceId || each.name !== name,
      )
      const { limit: most } = asked
      // null takes the quota away; its count stays, and goes on when the quota comes back.
      ledger.settings =
        most === null ? others : [...others, { sourceId, name, limit: most, period: asked.period }]
    }),
  )

export const rotations = fc.constant(
  command('rotate', async (ledger, real) => {
    const { id: keyId, projectId } = real.key
    const version = ledger.secretVersion + 1
    const { now: updatedAt, secretVersion: expectedVersion } = ledger
    const isRotated = await edit(ledger, real, (change) =>
      real.store.replaceSecret(
        { keyId, projectId, expectedVersion, secret: someSecret({ version }), keep: [], updatedAt },
        change,
      ),
    )
    if (isRotated) ledger.secretVersion = version
  }),
)

export const switches = fc.constant(
  command('disable or enable', async (ledger, real) => {
    const enabled = !ledger.enabled
    const { now: updatedAt } = ledger
    const isSwitched = await edit(ledger, real, (change) =>
      real.store.setKeyEnabled({ ...real.key, enabled, updatedAt }, change),
    )
    if (isSwitched) ledger.enabled = enabled
  }),
)

export const revocations = fc.constant(
  command('revoke', async (ledger, real) => {
    const { id: keyId, projectId } = real.key
    const facts = { by: 'actor1', reason: null, overrideProtection: false }
    // Before every time that a stepped clock can show.
    const at = 1
    const isRevoked = await edit(ledger, real, (change) =>
      real.store.revokeKey({ keyId, projectId, at, updatedAt: at, ...facts }, change),
    )
    ledger.revoked ||= isRevoked
  }),
)
