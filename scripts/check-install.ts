/**
 * Installs the packed packages into an empty project, without install scripts, and runs a small real program
 * (install/program.ts) with each version of Node that they promise to run on. Run after `npm run build`.
 *
 *   node scripts/check-install.ts [ROOT [NODE...]]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { installNode, OLDER_NODES } from './install/node-versions.ts'
import { entriesOf, type Packed, packPublished } from './pack.ts'

const REPOSITORY = join(import.meta.dirname, '..')
const PROMISE = `>=${OLDER_NODES[0]?.replace(/\.0$/, '')}`

const [root = REPOSITORY, ...binaries] = process.argv.slice(2).map((path) => resolve(path))
const project = mkdtempSync(join(tmpdir(), 'install-'))
try {
  const packages = packPublished(root, project)
  const problems = checkPromises(packages)
  installPackages(packages)
  for (const node of binaries.length > 0 ? binaries : allNodes()) {
    if (!runProgram(node, packages)) problems.push(`the program failed with ${node}`)
  }
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
} finally {
  rmSync(project, { recursive: true })
}

/** The oldest Node that a package promises must be the oldest that is tried here. */
function checkPromises(packages: Packed[]): string[] {
  if (packages.length === 0) return [`no package to publish under ${root}`]
  return packages
    .filter(({ manifest }) => manifest.engines?.node !== PROMISE)
    .map(({ manifest }) => `${manifest.name}: engines.node must be ${PROMISE}, the oldest tried`)
}

function installPackages(packages: Packed[]): void {
  const dependencies = Object.fromEntries(
    packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]),
  )
  const manifest = { private: true, type: 'module', dependencies }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  // The age of versions is ours to choose; scripts are off, since nothing may need them.
  cpSync(join(REPOSITORY, '.npmrc'), join(project, '.npmrc'))
  const options = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  execFileSync('npm', options, { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] })
  cpSync(join(import.meta.dirname, 'install/program.ts'), join(project, 'program.ts'))
}

function allNodes(): string[] {
  const cache = join(REPOSITORY, 'node_modules/.cache/install-check')
  return [...OLDER_NODES.map((version) => installNode(version, cache)), process.execPath]
}

function runProgram(node: string, packages: Packed[]): boolean {
  const entries = packages.flatMap(({ manifest }) => entriesOf(manifest))
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  // The command finds its Node by its first line, on the path.
  const PATH = [dirname(node), process.env.PATH].join(delimiter)
  const env = { ...Object.fromEntries(outer), PATH }
  const run = spawnSync(node, ['program.ts', ...entries], { cwd: project, env, stdio: 'inherit' })
  return run.status === 0
}
