import { VerifyRequest } from './constraints.gen.ts'
import type { VerifiedKey } from './types.gen.ts'
import type { Question } from './verdict.ts'

/** What a decision from remembered facts can be about. Any other field is for the service. */
const KNOWN_FIELDS = ['permissions', 'model', 'ip']

type Facts = Pick<VerifiedKey, 'permissions' | 'allowedModels'>

/**
 * Do the facts of a valid key allow this? By the rules of the service, and false also where only the
 * service can tell. Keys with an address list are never remembered, so `ip` does not matter here.
 */
export function allows({ permissions, allowedModels }: Facts, question: Question): boolean {
  const { permissions: wanted = [], model, ip } = question
  return (
    hasKnownFields(question) &&
    (ip == null || isAddress(ip)) &&
    wanted.length <= VerifyRequest.permissions.maxItems &&
    wanted.every((name) => isPermission(name) && permissions.some((held) => covers(held, name))) &&
    (model == null || isModel(model)) &&
    (allowedModels === null || model === null || allowsModel(allowedModels, model))
  )
}

/** Whether the question is about nothing else: a cost, for one, must be counted by the service. */
export function hasKnownFields(question: Question): boolean {
  return Object.keys(question).every((field) => KNOWN_FIELDS.includes(field))
}

/** `a:*` covers `a:b` and `a:b:c`, not `a`. */
function covers(held: string, wanted: string): boolean {
  return held === wanted || (held.endsWith(':*') && wanted.startsWith(held.slice(0, -1)))
}

/** A name, or a prefix and a final `*`. Case matters; a request that names no model is refused. */
function allowsModel(allowed: readonly string[], model: string | undefined): boolean {
  return allowed.some((pattern) =>
    pattern.endsWith('*') ? model?.startsWith(pattern.slice(0, -1)) : pattern === model,
  )
}

const isPermission = matcher(VerifyRequest.permissions.items)
const isModel = matcher(VerifyRequest.model)
const isAddress = matcher(VerifyRequest.ip)

function matcher({ pattern, maxLength }: { pattern: string; maxLength: number }) {
  const form = new RegExp(pattern, 'u')
  return (text: string) => text.length <= maxLength && form.test(text)
}
