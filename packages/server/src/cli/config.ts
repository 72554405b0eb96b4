import type { Command } from 'commander'
import { listSettings } from '../config.ts'
import { loadEnvFile } from './env-file.ts'
import { printJson, printLine } from './print.ts'
import { printTable } from './table.ts'

export function defineConfig(config: Command): void {
  config
    .command('check')
    .description('check the settings without starting anything')
    .option('--env-file <file>', 'read more settings from a file')
    .option('--json', 'print JSON')
    .action(({ envFile, json }: { envFile?: string; json?: true }) => {
      loadEnvFile(envFile)
      const settings = listSettings()
      const set = settings.filter((setting) => setting.origin !== 'default').length
      if (json) printJson({ ok: true, set, settings: settings.length })
      else printLine(`ok: ${set} of ${settings.length} settings set, 0 unknown`)
    })
  config
    .command('print')
    .description('print the effective settings and where each comes from; secrets as <set>')
    .option('--env-file <file>', 'read more settings from a file')
    .option('--json', 'print JSON')
    .action(({ envFile, json }: { envFile?: string; json?: true }) => {
      loadEnvFile(envFile)
      const settings = listSettings()
      if (json) printJson(settings)
      else printTable(settings.map(({ name, value, origin }) => [name, value, origin]))
    })
}
