import { type Command, InvalidArgumentError } from 'commander'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readSeconds } from '../duration.ts'
import type { HandoverOptions } from '../hand-over.ts'
import { readId } from '../ids.ts'
import { handOverKey } from './hand-over.ts'

interface Options extends HandoverOptions {
  overlap?: number
  replaces?: number
}

export function defineKeyRotate(command: Command): void {
  command
    .description('give a key a new secret and print it, which is shown only once')
    .argument('<id>', 'id of the key', readId)
    .option(
      '--overlap <duration>',
      'how long the present secret works on, such as 1h; 0',
      readSeconds,
    )
    .option('--replaces <version>', 'end this secret now: its answer was lost', readVersion)
    .option('--out <file>', 'write the secret to a new file (0600) instead of printing it')
    .option('--json', 'print JSON')
    .action(rotate)
}

async function rotate(id: string, { overlap, replaces, out, json }: Options) {
  const body = defined({ overlapSeconds: overlap, replaces })
  await handOverKey({ out, json }, () =>
    withClient(async (client) => client.keys.rotate(id, { ...body, mint: 'client' })),
  )
}

function readVersion(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new InvalidArgumentError('Give the version of a secret, as key get shows it.')
}
