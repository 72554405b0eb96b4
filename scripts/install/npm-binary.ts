import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program that comes in an npm package. */
export interface NpmBinary {
  name: string
  version: string
  /** Path inside the package. */
  path: string
  /** Whether the package needs its install script. */
  hasScript?: boolean
}

/** Path of the program, whose package is kept in a folder of its own below `cache` for the next time. */
export function installBinary(binary: NpmBinary, cache: string): string {
  const { name, version, path, hasScript = false } = binary
  const folder = join(cache, `${name.replace('/', '-')}-${version}`)
  const installed = join(folder, 'node_modules', name, path)
  if (existsSync(installed)) return installed
  mkdirSync(folder, { recursive: true })
  const manifest = {
    private: true,
    dependencies: { [name]: version },
    allowScripts: { [name]: hasScript },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const options = ['install', `--ignore-scripts=${!hasScript}`, '--no-audit', '--no-fund']
  execFileSync('npm', options, { cwd: folder, stdio: 'pipe' })
  return installed
}
