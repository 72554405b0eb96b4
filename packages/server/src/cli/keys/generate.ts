import { generateKey } from '@keysmith/key-format'
import { type Command, Option } from 'commander'
import { readBrand } from '../brand.ts'
import { printJson, tell, toJson } from '../print.ts'
import { openSecretOutput } from '../secret-output.ts'

interface Options {
  kind: string
  brand: string
  out?: string
  json?: true
}

export function defineKeyGenerate(command: Command): void {
  command
    .description('make a well-formed secret, offline; for example a bootstrap token')
    .addOption(
      new Option('--kind <kind>', 'what it is for')
        .choices(['live', 'test', 'root'])
        .makeOptionMandatory(),
    )
    .option('--brand <brand>', 'first part of the secret', readBrand, 'ks')
    .option('--out <file>', 'write it to a new file (0600) instead of printing it')
    .option('--json', 'print JSON')
    .action(generate)
}

function generate({ kind, brand, out, json }: Options): void {
  const { deliver } = openSecretOutput(out)
  const { id, secret } = generateKey({ kind, brand })
  deliver(json && out === undefined ? toJson({ id, secret }) : secret, `the id ${id}`)
  if (json && out === undefined) return
  if (json) printJson({ id, file: out })
  else if (out !== undefined) tell(`The secret with the id ${id} is in ${out}.`)
}
