import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf, type Manifest } from '../pack.ts'
import { bundleEntries, type Platform } from './bundle.ts'

/** The packages that run everywhere, with all they may depend on. */
const DEPENDENCIES: Record<string, string[]> = {
  '@keysmith/key-format': [],
  '@keysmith/client': ['@keysmith/key-format'],
}

/** Adapters of frameworks that do not run on Workers, whose types are not to be had there either. */
const NODE_FRAMEWORKS = /\/(fastify|express|next)$/

const WORKER_TYPES = {
  target: 'ES2024',
  module: 'ESNext',
  moduleResolution: 'bundler',
  customConditions: ['workerd', 'worker', 'browser'],
  lib: ['ES2024', 'WebWorker'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  // So that a `/// <reference types="node" />` shows.
  listFiles: true,
}

/**
 * What would keep a package that runs everywhere from a browser or from Workers: a dependency, something
 * of Node, or a type that only Node has.
 */
export async function checkPortable(folder: string, manifest: Manifest): Promise<string[]> {
  const allowed = DEPENDENCIES[manifest.name]
  if (allowed === undefined) return []
  const entries = entriesOf(manifest)
  return [
    ...checkDependencies(manifest, allowed),
    ...(await checkImports(folder, entries)),
    ...checkWorkerTypes(folder, entries),
  ]
}

function checkDependencies(manifest: Manifest, allowed: string[]): string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest
  const required = Object.keys(peerDependencies ?? {}).filter(
    (name) => !peerDependenciesMeta?.[name]?.optional,
  )
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...required]
    .filter((name) => !allowed.includes(name))
    .map((name) => `depends on ${name}; it may depend on: ${allowed.join(', ') || 'nothing'}`)
}

async function checkImports(folder: string, entries: string[]): Promise<string[]> {
  const problems: string[] = []
  for (const platform of ['browser', 'worker'] satisfies Platform[]) {
    for (const entry of entries) {
      const found = await bundleEntries(folder, [entry], platform).catch((error: Error) => error)
      const imports = found instanceof Error ? [found.message] : found.imports
      problems.push(...imports.map((name) => `${entry} needs ${name}, which no ${platform} has`))
    }
  }
  return problems
}

function checkWorkerTypes(folder: string, entries: string[]): string[] {
  const project = join(folder, 'worker-types')
  mkdirSync(project, { recursive: true })
  const lines = entries
    .filter((entry) => !NODE_FRAMEWORKS.test(entry))
    .map((entry, index) => `export type Entry${index} = typeof import('${entry}')\n`)
  writeFileSync(join(project, 'worker.ts'), lines.join(''))
  const config = { compilerOptions: WORKER_TYPES, files: ['worker.ts'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
  const run = spawnSync(tsc, ['-p', project, '--pretty', 'false'], { encoding: 'utf8' })
  const found = run.stdout.split('\n').filter((line) => /error TS|@types\/node\/index/.test(line))
  if (run.status !== 0 && found.length === 0) found.push(`tsc failed: ${run.stdout}${run.stderr}`)
  return found.map((line) => `types under Workers conditions: ${line}`)
}
