import { redactKeys } from '@keysmith/key-format'
import { invalidField } from '../errors.ts'

/**
 * Refuses text of people in which a secret of this format stands: it would be stored and shown. The
 * error names the field and not the value.
 */
export function refuseSecrets(body: object): void {
  for (const [field, value] of Object.entries(body)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
    if (redactKeys(text) !== text) {
      throw invalidField(field, 'it contains a secret; remove it, and rotate the key it belongs to')
    }
  }
}
