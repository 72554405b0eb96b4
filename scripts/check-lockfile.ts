/**
 * What lockfile-lint cannot see in a lockfile without registry URLs: a package without a hash, and the size of
 * the server's production tree.
 *
 *   node scripts/check-lockfile.ts [FILE]
 */
import { readFileSync } from 'node:fs'

const SERVER_PACKAGES_MAX = 80

type Entry = {
  workspaces?: string[]
  link?: boolean
  resolved?: string
  integrity?: string
  cpu?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

const file = process.argv[2] ?? 'package-lock.json'
const packages: Record<string, Entry> = JSON.parse(readFileSync(file, 'utf8')).packages

const problems = Object.entries(packages)
  .filter(([path, { link }]) => path.includes('node_modules/') && !link)
  .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
  .map(([path]) => `${path} has no sha512 hash: nothing proves what will be installed`)

// The lockfile of an example is about the example alone.
if (packages['']?.workspaces) problems.push(...checkServer())
else console.log('lockfile: no workspaces')

for (const problem of problems) console.error(`  ${problem}`)
if (problems.length > 0) process.exit(1)

function checkServer(): string[] {
  const { size } = productionTree('packages/server')
  console.log(`lockfile: the server installs ${size} of at most ${SERVER_PACKAGES_MAX} packages`)
  if (size === 0) return ['packages/server has no dependencies in this lockfile']
  if (size <= SERVER_PACKAGES_MAX) return []
  return [`the server installs ${size} packages, the limit is ${SERVER_PACKAGES_MAX}`]
}

/** Paths of everything that installing the workspace brings along, without builds for other processors. */
function productionTree(workspace: string, tree = new Set<string>()): Set<string> {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
    packages[workspace] ?? {}
  // npm installs a peer unless it is optional.
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => !peerDependenciesMeta?.[name]?.optional,
  )
  const names = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]
  for (const name of names) {
    const path = locate(name, workspace)
    if (path === undefined || tree.has(path) || packages[path]?.cpu) continue
    tree.add(path)
    productionTree(path, tree)
  }
  return tree
}

/** Node's own rule: the nearest node_modules on the way up. */
function locate(name: string, from: string): string | undefined {
  const path = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`
  const entry = packages[path]
  if (entry !== undefined) return entry.link ? entry.resolved : path
  return from === '' ? undefined : locate(name, from.replace(/\/?[^/]*$/, ''))
}
