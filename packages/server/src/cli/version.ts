import type { Command } from 'commander'
import { VERSION } from '../version.ts'
import { printJson } from './print.ts'

export function defineVersion(command: Command): void {
  command.option('--json', 'print JSON').action(({ json }: { json?: true }) => {
    const versions = { keysmith: VERSION, node: process.versions.node }
    if (json) printJson(versions)
    else process.stdout.write(`keysmith ${versions.keysmith}   node ${versions.node}\n`)
  })
}
