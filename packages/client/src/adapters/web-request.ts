import { check, type ValidVerdict } from './check.ts'
import type { KeyOptions, NeedsWithAddress } from './options.ts'
import { placesOf, readSecret } from './presented-secret.ts'
import { questionOf } from './question.ts'

/** Options of the adapters for requests of the Fetch standard. */
export type WebKeyOptions<Req> = KeyOptions & NeedsWithAddress<Req>

/** `context` is what the functions of the options are given. */
export async function checkRequest<Req>(
  options: WebKeyOptions<Req>,
  { headers, url }: Request,
  context: Req,
): Promise<ValidVerdict | Response> {
  const { header, parameter } = placesOf(options)
  const valuesOf = (name: string) => [headers.get(name) ?? []].flat()
  const presented = readSecret(
    valuesOf('authorization'),
    header ? valuesOf(header) : [],
    parameter ? new URL(url).searchParams.getAll(parameter) : [],
  )
  const outcome = await check(options, presented, () => questionOf(options, context))
  return outcome.valid ? outcome : new Response(outcome.body, outcome)
}
