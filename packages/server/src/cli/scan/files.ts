import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, StartRefused } from '../../exit.ts'
import type { Source } from './sources.ts'

const SKIPPED = ['.git', 'node_modules']

/** The files below these paths, in order. Links inside a folder are not followed. */
export async function* files(paths: readonly string[]): AsyncGenerator<Source> {
  for (const path of paths) {
    const found = await stat(path).catch(({ code }: NodeJS.ErrnoException) => {
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return null
      throw new StartRefused(EXIT.notFound, `There is no ${path}.`)
    })
    if (found?.isDirectory()) yield* filesOf(path)
    else yield fileSource(path)
  }
}

async function* filesOf(root: string): AsyncGenerator<Source> {
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const parent = folder
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => null)
    if (entries === null) {
      yield fileSource(parent)
      continue
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) if (entry.isFile()) yield fileSource(join(parent, entry.name))
    const below = entries.filter((entry) => entry.isDirectory() && !SKIPPED.includes(entry.name))
    folders.push(...below.map((entry) => join(parent, entry.name)).reverse())
  }
}

function fileSource(path: string): Source {
  return { name: path, read: () => createReadStream(path) }
}
