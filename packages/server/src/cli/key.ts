import { generateKey, isBrand } from '@keysmith/key-format'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { openSecretOutput, tell } from './print.ts'

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('secrets of your own')
  key
    .command('generate')
    .description('make a well-formed secret, offline; for example a bootstrap token')
    .addOption(
      new Option('--kind <kind>', 'what it is for')
        .choices(['live', 'test', 'root'])
        .makeOptionMandatory(),
    )
    .option('--brand <brand>', 'first part of the secret', readBrand, 'ks')
    .option('--out <file>', 'write it to a new file (0600) instead of printing it')
    .action(({ kind, brand, out }: { kind: string; brand: string; out?: string }) => {
      const { deliver } = openSecretOutput(out)
      const { id, secret } = generateKey({ kind, brand })
      if (out !== undefined) tell(`The secret with the id ${id} is in ${out}.`)
      deliver(secret)
    })
}

function readBrand(text: string): string {
  if (isBrand(text)) return text
  throw new InvalidArgumentError('Give 2 to 12 lower-case letters and digits, not "example".')
}
