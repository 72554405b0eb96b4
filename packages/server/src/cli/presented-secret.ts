import { text } from 'node:stream/consumers'
import { EXIT, StartRefused } from '../exit.ts'
import { tell } from './print.ts'
import { askHidden, canAsk } from './prompt.ts'

const LENGTH_MAX = 65_536

/**
 * The secret that somebody wants looked at: from standard input, from a prompt that does not show
 * it, or, with a warning, from the arguments.
 */
export async function readPresentedSecret(argument: string | undefined): Promise<string> {
  if (argument !== undefined && argument !== '-') {
    tell(
      'keysmith: warning: the secret is now in the history of the shell and in the list of processes. Pipe it in, or leave it out and type it.',
    )
    return argument
  }
  if (argument === undefined && canAsk()) return askHidden('Secret: ')
  const input = await text(limited(process.stdin))
  return input.replace(/\r?\n$/, '')
}

async function* limited(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let length = 0
  for await (const chunk of input) {
    length += chunk.length
    if (length > LENGTH_MAX) {
      throw new StartRefused(EXIT.checkFailed, 'The input is too long for a secret.')
    }
    yield chunk
  }
}
