/**
 * Applies .dependency-cruiser.cjs to a source tree, and fails too when the tool did not read what is there:
 * a dependency-cruiser without a parser cruises nothing and reports success.
 *
 *   node scripts/check-boundaries.ts [ROOT]
 */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cruise, format, type ICruiseResult } from 'dependency-cruiser'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'

const CONFIG = join(import.meta.dirname, '../.dependency-cruiser.cjs')
const IMPORT_LINE = /^(import|export)\b[^'"=();]*\bfrom ['"]|^import ['"]/m

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const folders = globSync(['{packages,apps}/*/{src,test}', '{examples,bench}'], { cwd: root }).sort()
const sources = globSync(
  ['{packages,apps}/*/src/**/*.{ts,tsx}', '{examples,bench}/**/*.{ts,tsx}'],
  { cwd: root, exclude: ['**/node_modules'] },
)

if (folders.length === 0 || sources.length === 0) fail([`no source files under ${root}`])

const options = await extractOptions(CONFIG)
const { output } = await cruise(folders, { ...options, baseDir: root, validate: true })
const result = output as ICruiseResult

const unread = unreadSources(result)
if (unread.length > 0) fail(unread)
console.log(`boundaries: ${sources.length} source files, all read`)

// NOTE: the report ends with a warning about a missing TypeScript; swc does that work.
const report = await format(result, { outputType: 'err-long' })
if (report.exitCode > 0) {
  console.error(report.output)
  process.exit(2)
}

/** Source files the cruise did not visit, or visited without seeing the imports they have. */
function unreadSources({ modules }: ICruiseResult): string[] {
  const dependencies = new Map(modules.map((m) => [m.source, m.dependencies.length]))
  return sources.flatMap((file) => {
    const count = dependencies.get(file)
    if (count === undefined) return [`not cruised: ${file}`]
    const hasImports = IMPORT_LINE.test(readFileSync(join(root, file), 'utf8'))
    return count === 0 && hasImports ? [`imports not seen: ${file}`] : []
  })
}

function fail(lines: string[]): never {
  console.error(['boundary check is blind:', ...lines.map((line) => `  ${line}`)].join('\n'))
  process.exit(2)
}
