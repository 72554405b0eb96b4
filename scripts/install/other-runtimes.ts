import { installBinary } from './npm-binary.ts'

interface Runtime {
  version: string
  /** Path of the program inside the package. */
  path: string
  /** By operating system, processor and C library: the npm package that holds nothing but the program. */
  packages: Record<string, string>
}

/** What the client promises to run on besides Node. */
const OTHER_RUNTIMES = {
  bun: {
    version: '1.4.4',
    path: 'bin/bun',
    packages: {
      'linux-x64-glibc': '@oven/bun-linux-x64',
      'linux-x64-musl': '@oven/bun-linux-x64-musl',
      'linux-arm64-glibc': '@oven/bun-linux-aarch64',
      'darwin-x64': '@oven/bun-darwin-x64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
    },
  },
  deno: {
    version: '2.9.6',
    path: 'deno',
    packages: {
      'linux-x64-glibc': '@deno/linux-x64-glibc',
      'linux-arm64-glibc': '@deno/linux-arm64-glibc',
      'darwin-x64': '@deno/darwin-x64',
      'darwin-arm64': '@deno/darwin-arm64',
    },
  },
  workerd: {
    version: '1.20261117.1',
    path: 'bin/workerd',
    packages: {
      'linux-x64-glibc': '@cloudflare/workerd-linux-64',
      'linux-arm64-glibc': '@cloudflare/workerd-linux-arm64',
      'darwin-x64': '@cloudflare/workerd-darwin-64',
      'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
    },
  },
} satisfies Record<string, Runtime>

export type RuntimeName = keyof typeof OTHER_RUNTIMES

export const RUNTIME_NAMES = Object.keys(OTHER_RUNTIMES) as RuntimeName[]

export interface InstalledRuntime {
  runtime: RuntimeName
  /** Path of the program. */
  binary: string
}

/** The runtimes that nobody publishes for this platform, each with the reason. */
export function missingRuntimes(): string[] {
  return RUNTIME_NAMES.filter((name) => packageOf(name) === undefined).map(
    (name) => `${name}: there is no npm package of it for ${platform()}`,
  )
}

/** The runtimes that there are for this platform, kept below `cache` for the next time. */
export function installRuntimes(cache: string): InstalledRuntime[] {
  return RUNTIME_NAMES.flatMap((runtime) => {
    const { version, path } = OTHER_RUNTIMES[runtime]
    const name = packageOf(runtime)
    return name ? [{ runtime, binary: installBinary({ name, version, path }, cache) }] : []
  })
}

function packageOf(name: RuntimeName): string | undefined {
  const { packages }: Runtime = OTHER_RUNTIMES[name]
  return packages[platform()]
}

/** Such as `linux-x64-glibc`; only Linux has several C libraries. */
function platform(): string {
  const { platform: system, arch } = process
  return system === 'linux' ? `${system}-${arch}-${libc()}` : `${system}-${arch}`
}

function libc(): string {
  // The types say `object`.
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime ? 'glibc' : 'musl'
}
