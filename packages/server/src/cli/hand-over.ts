import { printJson, tell, toJson } from './print.ts'
import { openSecretOutput } from './secret-output.ts'

export interface HandoverOptions {
  out?: string | undefined
  json?: true | undefined
}

/** Something that was made with a secret, which nobody can show a second time. */
export interface Made {
  secret: string
  /** What the secret is called, and what to call in an error when it could not be written. */
  words: { secret: string; owner: string }
  /** The record by its name on the wire, for `--json`. */
  record: object
  /** For people, a line each. */
  facts: readonly string[]
}

/** Makes a secret and hands it over once. Where it goes is opened before, so that none is made in vain. */
export async function handOver(
  { out, json }: HandoverOptions,
  make: () => Promise<Made>,
): Promise<void> {
  const { deliver, discard } = openSecretOutput(out)
  const { secret, words, record, facts } = await make().catch((error: unknown) => {
    discard()
    throw error
  })
  if (json) {
    deliver(out === undefined ? toJson({ ...record, secret }) : secret, words.owner)
    if (out !== undefined) printJson({ ...record, file: out })
    return
  }
  for (const fact of facts) tell(fact)
  const place = out === undefined ? ', shown only once; store it now:' : ` is in ${out}.`
  tell(`The ${words.secret}${place}`)
  deliver(secret, words.owner)
}
