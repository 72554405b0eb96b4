import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildService } from '../../packages/server/src/app.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { openApiDocument } from '../../packages/server/src/plugins/openapi.ts'

export type OpenApi = ReturnType<typeof openApiDocument>

/** The OpenAPI document of the booted service. */
export async function describeApi(): Promise<OpenApi> {
  const dataDir = mkdtempSync(join(tmpdir(), 'keysmith-generate-'))
  const service = await buildService({
    config: { ...readConfig({}).config, dataDir },
    secrets: { pepper: null, bootstrapToken: null },
    log: createLog({ logLevel: 'silent', logFormat: 'json' }),
    onFatal: (message) => {
      throw new Error(message)
    },
  })
  try {
    return openApiDocument(service.app)
  } finally {
    await service.close()
    rmSync(dataDir, { recursive: true })
  }
}
