import { hash } from 'node:crypto'
import type { Taking } from './limit-outcome.ts'

/** What makes two verifications the same. The secret is not in it, only which one it was. */
export function fingerprintOf({ row, request }: Taking): string {
  const { permissions, model, ip, cost, reserve, reserveSeconds } = request
  const question = { permissions, model, ip, cost, reserve, reserveSeconds }
  return hash('sha256', JSON.stringify([row.id, row.secretVersion, question]), 'hex')
}
