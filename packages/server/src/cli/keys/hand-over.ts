import type { KeyWithSecret } from '@keysmith/client'
import { printJson, tell, toJson } from '../print.ts'
import { openSecretOutput } from '../secret-output.ts'

export interface HandoverOptions {
  out?: string | undefined
  json?: true | undefined
}

/** Makes a secret and hands it over once. Where it goes is opened before, so that none is made in vain. */
export async function handOver(
  { out, json }: HandoverOptions,
  make: () => Promise<KeyWithSecret>,
): Promise<void> {
  const { deliver, discard } = openSecretOutput(out)
  const { key, secret } = await make().catch((error: unknown) => {
    discard()
    throw error
  })
  const owner = `key ${key.id}`
  if (json) {
    deliver(out === undefined ? toJson({ key, secret }) : secret, owner)
    if (out !== undefined) printJson({ key, file: out })
    return
  }
  tell(`id       ${key.id}   ${key.name}`)
  tell(`expires  ${key.expiresAt ?? 'never'}`)
  for (const { endsAt } of key.secrets.slice(1)) tell(`before   works until ${endsAt}`)
  tell(
    out === undefined ? 'The secret, shown only once; store it now:' : `The secret is in ${out}.`,
  )
  deliver(secret, owner)
}
