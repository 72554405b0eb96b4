/**
 * Puts what tsc leaves behind (migrations, pages, scripts) beside the compiled code. Runs in a package folder:
 *
 *   node ../../scripts/copy-assets.ts
 */
import { cpSync, globSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

const assets = list('src', /\.tsx?$/)
if (assets.length === 0) {
  console.error('copy-assets: src has nothing to copy; is this the package folder?')
  process.exit(1)
}

// A migration that was renamed must not stay in dist and run a second time.
for (const file of list('dist', /\.(js|d\.ts|map)$/)) rmSync(join('dist', file))
for (const file of assets) cpSync(join('src', file), join('dist', file))
console.log(`copy-assets: ${assets.length} files`)

/** Files below a folder, except those whose name the pattern matches. */
function list(folder: string, except: RegExp): string[] {
  return globSync('**/*.*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile() && !except.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}
