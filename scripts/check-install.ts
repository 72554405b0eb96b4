/**
 * Installs the packed packages into an empty project, without install scripts, and uses them on everything that
 * they promise to run on: a small real program (install/program.ts) on each version of Node, the client
 * (install/life-of-key.ts) on Bun, Deno and workerd. Run after `npm run build`.
 *
 *   node scripts/check-install.ts [ROOT [node|bun|deno|workerd=BINARY...]]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { installNode, OLDER_NODES } from './install/node-versions.ts'
import {
  type InstalledRuntime,
  installRuntimes,
  missingRuntimes,
  RUNTIME_NAMES,
  type RuntimeName,
} from './install/other-runtimes.ts'
import { runClients } from './install/run-clients.ts'
import { entriesOf, type Packed, packPublished } from './pack.ts'

const REPOSITORY = join(import.meta.dirname, '..')
const CACHE = join(REPOSITORY, 'node_modules/.cache/install-check')
const PROMISE = `>=${OLDER_NODES[0]?.replace(/\.0$/, '')}`

const [root = REPOSITORY, ...named] = process.argv.slice(2)
const given = named.map(readBinary)
const project = mkdtempSync(join(tmpdir(), 'install-'))
try {
  const packages = packPublished(resolve(root), project)
  const problems = checkPromises(packages)
  installPackages(packages)
  problems.push(...tryNodes(packages), ...(await tryOtherRuntimes()), ...reportMissing())
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
  cpSync(join(import.meta.dirname, 'install'), project, { recursive: true })
}

function tryNodes(packages: Packed[]): string[] {
  const entries = packages.flatMap(({ manifest }) => entriesOf(manifest))
  return nodes()
    .filter((node) => !runProgram(node, entries))
    .map((node) => `the program failed with ${node}`)
}

function nodes(): string[] {
  if (named.length === 0)
    return [...OLDER_NODES.map((version) => installNode(version, CACHE)), process.execPath]
  return given.filter(({ runtime }) => runtime === 'node').map(({ binary }) => binary)
}

function runProgram(node: string, entries: string[]): boolean {
  const options = { cwd: project, env: environment(node), stdio: 'inherit' } as const
  return spawnSync(node, ['program.ts', ...entries], options).status === 0
}

/** All of them ask one service, which runs on the pinned Node. */
function tryOtherRuntimes(): Promise<string[]> {
  return runClients(otherRuntimes(), { project, env: environment(process.execPath) })
}

function otherRuntimes(): InstalledRuntime[] {
  if (named.length === 0) return installRuntimes(CACHE)
  return given.flatMap(({ runtime, binary }) => (runtime === 'node' ? [] : [{ runtime, binary }]))
}

/** A runtime may be missing on other platforms, but nobody may overlook it. CI skips nothing. */
function reportMissing(): string[] {
  if (named.length > 0) return []
  const missing = missingRuntimes()
  for (const text of missing) console.warn(`SKIPPED  ${text}`)
  return process.env.CI === 'true' ? missing : []
}

function readBinary(text: string): { runtime: 'node' | RuntimeName; binary: string } {
  const [name, path = ''] = text.split('=')
  const runtime = (['node', ...RUNTIME_NAMES] as const).find((known) => known === name)
  if (runtime === undefined || path === '') throw new Error(`not NAME=BINARY: ${text}`)
  return { runtime, binary: resolve(path) }
}

/** The command finds its Node by its first line, on the path. */
function environment(node: string): NodeJS.ProcessEnv {
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const PATH = [dirname(node), process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(outer), PATH }
}
