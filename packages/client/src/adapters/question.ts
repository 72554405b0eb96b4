import type { Question } from '../verdict.ts'
import type { NeedsWithAddress } from './options.ts'

/** What the service takes, as in `constraints.gen.ts`; for another form it would refuse the question. */
export const FORMS = { model: /^[\w.:/-]{1,128}$/, ip: /^[\dA-Fa-f.:]{2,45}$/ }

/**
 * The question that a request puts. What a function reads from the request is the caller's: a null there
 * says nothing, since null would lift the restriction of the key.
 */
export async function questionOf<Req>(
  needs: NeedsWithAddress<Req>,
  request: Req,
): Promise<Question> {
  const question: Question = {}
  if ('permissions' in needs) {
    const { permissions } = needs
    const wanted = typeof permissions === 'function' ? await permissions(request) : permissions
    // A list that is missing by mistake must not mean that nothing is needed.
    if (!Array.isArray(wanted)) throw new TypeError('permissions must be a list')
    question.permissions = wanted
  }
  for (const field of ['model', 'ip'] as const) {
    const need = needs[field]
    const value = typeof need === 'function' ? textOf(field, await need(request)) : need
    if (value !== undefined) question[field] = value
  }
  for (const field of ['cost', 'reserve'] as const) {
    if (!(field in needs)) continue
    const need = needs[field]
    const amounts = typeof need === 'function' ? await need(request) : need
    if (!isCost(amounts)) throw new TypeError(`${field} must be made of whole amounts`)
    Object.assign(question, { [field]: amounts })
  }
  if (needs.reserveSeconds) question.reserveSeconds = needs.reserveSeconds
  return question
}

/** JSON leaves out what is undefined: the request would be free. */
function isCost(value: unknown): boolean {
  return typeof value === 'object' && value
    ? Object.values(value).every(Number.isSafeInteger)
    : Number.isSafeInteger(value)
}

function textOf(field: keyof typeof FORMS, value: unknown): string | undefined {
  return typeof value === 'string' && FORMS[field].test(value) ? value : undefined
}
