import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Manifest {
  name: string
  version: string
  private?: boolean
  engines?: { node?: string }
  exports: Record<string, unknown>
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

export interface Packed {
  manifest: Manifest
  /** Path of the tarball. */
  tarball: string
  /** Paths inside it. */
  files: string[]
  /** Size of the tarball. */
  bytes: number
}

/** Packs every package under `root` that will be published, sorted by folder. */
export function packPublished(root: string, destination: string): Packed[] {
  return globSync('{packages,apps}/*/package.json', { cwd: root })
    .sort()
    .map((file) => join(root, dirname(file)))
    .filter((folder) => !readManifest(folder).private)
    .map((folder) => pack(folder, destination))
}

function pack(folder: string, destination: string): Packed {
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const [packed] = JSON.parse(execFileSync('npm', options, { cwd: folder, encoding: 'utf8' }))
  return {
    manifest: readManifest(folder),
    tarball: join(destination, packed.filename),
    files: packed.files.map(({ path }: { path: string }) => path),
    bytes: packed.size,
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** The modules that a package exports, by the names that import them. */
export function entriesOf({ name, exports }: Manifest): string[] {
  return Object.keys(exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => name + subpath.slice(1))
}
