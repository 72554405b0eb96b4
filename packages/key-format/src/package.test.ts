import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'rolldown'
import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const SIZE_BUDGET_BYTES = 1_200
const sourceFolder = new URL('./', import.meta.url)

test('the package has no dependency of any kind that an installation would fetch', () => {
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    expect(manifest).not.toHaveProperty(field)
  }
})

test('the sources import nothing but each other, and use no global of one platform only', () => {
  const files = readdirSync(sourceFolder).filter((name) => /^[a-z]+\.ts$/.test(name))
  expect(files).toContain('index.ts')
  for (const file of files) {
    const source = readFileSync(new URL(file, sourceFolder), 'utf8')
    for (const [, specifier] of source.matchAll(/\bfrom '([^']+)'/g)) {
      expect(specifier, file).toMatch(/^\.\/[a-z]+\.ts$/)
    }
    expect(source, file).not.toMatch(/\b(?:Buffer|process|window|require|Deno|Bun)\b/)
  }
})

test('the entry is at most 1,200 bytes minified and gzipped', async () => {
  const { output } = await build({
    input: fileURLToPath(new URL('index.ts', sourceFolder)),
    output: { minify: true },
    write: false,
  })
  expect(output).toHaveLength(1)
  const bytes = gzipSync(output[0].code, { level: 9 }).length
  process.stdout.write(`@keysmith/key-format: ${bytes} of ${SIZE_BUDGET_BYTES} bytes gzipped\n`)
  expect(bytes).toBeLessThanOrEqual(SIZE_BUDGET_BYTES)
})
