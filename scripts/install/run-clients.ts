import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import type { Place } from './life-of-key.ts'
import type { InstalledRuntime, RuntimeName } from './other-runtimes.ts'
import { withService } from './service.ts'

interface Way {
  options: string[]
  /** How the runtime calls itself (`navigator.userAgent`). */
  agent: string
}

const WAYS: Record<RuntimeName, Way> = {
  bun: { options: ['direct.ts'], agent: 'Bun/' },
  // It needs the network and, for what it is told here, the environment.
  deno: { options: ['run', '--allow-net=127.0.0.1', '--allow-env', 'direct.ts'], agent: 'Deno/' },
  workerd: { options: ['test', 'worker.capnp'], agent: 'Cloudflare-Workers' },
}

interface Installed {
  /** Folder with the packages and the files of this folder. */
  project: string
  env: NodeJS.ProcessEnv
}

/** Leads a key through its life with each runtime, against one service. Gives the problems. */
export async function runClients(
  runtimes: InstalledRuntime[],
  { project, env }: Installed,
): Promise<string[]> {
  if (runtimes.length === 0) return []
  const command = join(project, 'node_modules/.bin/keysmith')
  const problems: string[] = []
  try {
    if (runtimes.some(({ runtime }) => runtime === 'workerd')) await bundleWorker(project)
    await withService({ command, env }, (place) => {
      const failed = runtimes.filter((runtime) => !runClient(runtime, project, place))
      problems.push(...failed.map(({ runtime }) => `the client failed on ${runtime}`))
    })
  } catch (error) {
    problems.push(`the other runtimes need the service and a bundle: ${error}`)
  }
  return problems
}

function runClient({ runtime, binary }: InstalledRuntime, project: string, place: Place): boolean {
  const { options, agent } = WAYS[runtime]
  const env = {
    PATH: process.env.PATH,
    // What they keep for the next time goes with the project.
    HOME: project,
    KEYSMITH_ENDPOINT: place.baseUrl,
    KEYSMITH_TOKEN: place.token,
    CLOSED_URL: place.closedUrl,
  }
  const run = spawnSync(binary, options, { cwd: project, env, encoding: 'utf8', timeout: 60_000 })
  const isDone = run.status === 0 && run.stdout.includes(`ok    ${agent}`)
  // On success workerd still tells of the refused connection.
  if (isDone) process.stdout.write(run.stdout)
  else console.error(run.error ?? run.stdout + run.stderr)
  return isDone
}

/** A Worker is one file. */
async function bundleWorker(project: string): Promise<void> {
  const build = await rolldown({
    input: join(project, 'worker.ts'),
    platform: 'browser',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
  })
  await build.write({ file: join(project, 'worker.js'), format: 'es', codeSplitting: false })
}
