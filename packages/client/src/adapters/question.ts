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
  return question
}

function textOf(field: keyof typeof FORMS, value: unknown): string | undefined {
  return typeof value === 'string' && FORMS[field].test(value) ? value : undefined
}
