import { writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

const PLATFORMS = {
  browser: ['browser', 'import', 'default'],
  worker: ['workerd', 'worker', 'browser', 'import', 'default'],
}

export type Platform = keyof typeof PLATFORMS

export interface Bundle {
  /** After minifying and gzip -9. */
  bytes: number
  /** What is left to import when it runs. */
  imports: string[]
}

/** Bundles entries of the packages under `folder`/node_modules, everything they export included. */
export async function bundleEntries(
  folder: string,
  entries: string[],
  platform: Platform,
): Promise<Bundle> {
  const input = join(folder, 'entry.js')
  writeFileSync(input, entries.map((entry) => `export * from '${entry}'\n`).join(''))
  const build = await rolldown({
    input,
    platform: 'browser',
    logLevel: 'silent',
    external: (id) => isBuiltin(id),
    resolve: { conditionNames: PLATFORMS[platform] },
  })
  const { output } = await build.generate({
    format: 'es',
    minify: true,
    comments: false,
    codeSplitting: false,
  })
  const chunks = output.filter((file) => file.type === 'chunk')
  const code = chunks.map((chunk) => chunk.code).join('')
  return {
    bytes: gzipSync(code, { level: 9 }).length,
    imports: chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]),
  }
}
