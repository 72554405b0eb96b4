import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientConstraints } from './generate/client-constraints.ts'
import { clientTypes } from './generate/client-types.ts'
import { describeApi } from './generate/openapi.ts'
import { apiPage, configurationPage, envExample, errorsPage } from './generate/reference-pages.ts'

const ROOT = join(import.meta.dirname, '..')

/** Writes every file that is made from code; with --check it only compares and fails on a difference. */
async function main(): Promise<void> {
  const check = process.argv.includes('--check')
  const document = await describeApi()
  const files: Record<string, string> = {
    'docs/reference/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'docs/reference/api.md': apiPage(document),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/configuration.md': configurationPage(),
    '.env.example': envExample(),
    'packages/client/src/types.gen.ts': await clientTypes(document),
    'packages/client/src/constraints.gen.ts': clientConstraints(document),
    'packages/client/src/version.gen.ts': clientVersion(),
  }
  const stale = Object.entries(files).filter(([path, text]) => readOrEmpty(path) !== text)
  for (const [path, text] of stale) {
    if (check) console.error(`${path} is not what the code generates. Run npm run generate.`)
    else {
      writeFileSync(join(ROOT, path), text)
      console.log(`wrote ${path}`)
    }
  }
  if (check && stale.length > 0) process.exitCode = 1
  else if (check) console.log(`${Object.keys(files).length} generated files are up to date`)
}

/** A constant instead of the whole package.json in every bundle. */
function clientVersion(): string {
  const { version } = JSON.parse(readOrEmpty('packages/client/package.json'))
  return `// Generated from package.json by \`npm run generate\`. Do not edit.\n\nexport const VERSION = '${version}'\n`
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return ''
  }
}

await main()
