import { allows } from '../decide.ts'
import type { Key, SecretVersion, VerdictCode } from '../types.gen.ts'
import type { Question, Verdict } from '../verdict.ts'
import { statusOf } from './fake-key.ts'
import { isOver } from './fake-time.ts'

/** The decision of the service about a secret of this key. */
export function decide(key: Key, secret: SecretVersion, question: Question, now: number): Verdict {
  const status = statusOf(key, now)
  if (status !== 'active') return { valid: false, code: status }
  if (isOver(secret.endsAt, now)) return { valid: false, code: 'expired' }
  const { id, name, owner, project, environment, permissions, allowedModels } = key
  const { metadata, expiresAt } = key
  const facts = { id, name, owner, project, environment, permissions, allowedModels }
  const shown = { ...facts, metadata, expiresAt }
  const code = refusalOf(key, question)
  if (code) return { valid: false, code, key: shown }
  return { valid: true, code: 'valid', key: shown, leaseMs: 0 }
}

function refusalOf(key: Key, { ip, permissions, model }: Question): VerdictCode | null {
  const { ipAllowlist, allowedModels } = key
  if (ipAllowlist && ip === undefined) return 'ip_required'
  if (ipAllowlist && ip && !ipAllowlist.includes(toRange(ip))) return 'ip_not_allowed'
  const holds = { permissions: key.permissions, allowedModels: null }
  if (permissions && !allows(holds, { permissions })) return 'missing_permission'
  if (allowedModels && model === undefined) return 'model_required'
  if (model && !allows({ permissions: [], allowedModels }, { model })) return 'model_not_allowed'
  return null
}

/** The form in which the service keeps a single address. */
export function toRange(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}
