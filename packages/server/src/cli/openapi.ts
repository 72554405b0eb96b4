import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { buildService } from '../app.ts'
import { readConfig } from '../config.ts'
import { EXIT, StartRefused } from '../exit.ts'
import { createLog } from '../log.ts'
import { printJson } from './print.ts'

export function defineOpenapi(command: Command): void {
  command.option('--json', 'print JSON, as without it').action(async () => {
    printJson(await describeApi())
  })
}

/** What the service itself answers, of one that is started on a folder of its own for this question. */
async function describeApi(): Promise<unknown> {
  const dataDir = mkdtempSync(join(tmpdir(), 'keysmith-openapi-'))
  try {
    const service = await buildService({
      config: { ...readConfig().config, dataDir, apiDocs: true },
      secrets: { pepper: null, bootstrapToken: null },
      log: createLog({ logLevel: 'silent', logFormat: 'json' }),
      onFatal: (message) => {
        throw new StartRefused(EXIT.failed, message)
      },
    })
    const { body } = await service.app.inject('/openapi.json')
    await service.close()
    return JSON.parse(body)
  } finally {
    rmSync(dataDir, { recursive: true })
  }
}
