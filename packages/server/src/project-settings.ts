import { refused } from './settings.ts'

// Loaded by every command, so without the contract and its library of schemas: a test compares the two.

export const MODEL_PATTERN = /^[A-Za-z0-9._:/-]+\*?$|^\*$/
export const PERMISSION_PATTERN = /^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\*)?$/
/** Rights on the management API, which keys cannot hold. */
export const RESERVED_PATTERN = /^(?:keys|projects|tokens|operators|audit|leaks)(?::|$)/
export const MAX_MODELS = 200
export const MAX_SPECIAL_PERMISSIONS = 50
const MAX_MODEL_LENGTH = 128
const MAX_PERMISSION_LENGTH = 64
const MAX_LABEL_LENGTH = 100

/** The models of new projects. */
export function readModels(text: string): string[] {
  const models = entriesOf(text)
  const isModel = (model: string) => MODEL_PATTERN.test(model) && model.length <= MAX_MODEL_LENGTH
  if (models.every(isModel) && isUnique(models) && models.length <= MAX_MODELS) return models
  throw refused(
    `KEYSMITH_MODELS must be different model names, comma separated, ${MAX_MODELS} at most, each of letters, digits and ._:/- or a prefix and *, such as llama-3.3-70b,mistral-*.`,
  )
}

/** The catalogue of special permissions of new projects. */
export function readSpecialPermissions(text: string): { name: string; label: string }[] {
  const entries = entriesOf(text).map((entry) => {
    const [, name = '', label = ''] = /^([^=]*)=(.*)$/.exec(entry) ?? []
    return { name: name.trim(), label: label.trim() }
  })
  const names = entries.map(({ name }) => name)
  const isReserved = names.some((name) => RESERVED_PATTERN.test(name))
  if (isReserved) {
    throw refused(
      'KEYSMITH_SPECIAL_PERMISSIONS must be permissions of keys: one of these names a right on the management API.',
    )
  }
  const isGood = entries.every(isSpecialPermission) && isUnique(names)
  if (isGood && entries.length <= MAX_SPECIAL_PERMISSIONS) return entries
  throw refused(
    `KEYSMITH_SPECIAL_PERMISSIONS must be name=label pairs with different names, comma separated, ${MAX_SPECIAL_PERMISSIONS} at most, such as device:priority=Priority over my device.`,
  )
}

function isSpecialPermission({ name, label }: { name: string; label: string }): boolean {
  if (!PERMISSION_PATTERN.test(name) || name.length > MAX_PERMISSION_LENGTH) return false
  return label.length > 0 && label.length <= MAX_LABEL_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(label)
}

function entriesOf(text: string): string[] {
  if (text === '') return []
  return text.split(',').map((entry) => entry.trim())
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}
