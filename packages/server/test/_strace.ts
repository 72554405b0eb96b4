import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Why faults cannot be injected here, or null. */
export function straceProblem(): string | null {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true'])
  if (error) return 'strace is not on the PATH (Debian and Ubuntu: apt-get install strace)'
  return status === 0 ? null : `strace cannot trace here: ${stderr}`
}

/** The command to put before another, so that its system calls are traced, and fail as `inject` says. */
export function strace(options: { trace: string; inject?: string; output: string }): string[] {
  const { trace, inject, output } = options
  return [
    ...['strace', '-f', '-qq', '-y', '--seccomp-bpf', '-o', output, '-e', `trace=${trace}`],
    ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
    '--',
  ]
}

/** Sends a signal to the process that runs under this strace. */
export function signalTraced(stracePid: number | undefined, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${stracePid}/task/${stracePid}/children`, 'utf8')
  for (const pid of children.trim().split(' ').filter(Boolean)) process.kill(Number(pid), signal)
}

/** Mounts a file system of this size on the folder; null where that is not permitted. */
export function mountSmallDisk(folder: string, size: string): { unmount: () => void } | null {
  const owner = `uid=${process.getuid?.()},gid=${process.getgid?.()},mode=700`
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${size},${owner}`, 'keysmith-test', folder]
  for (const sudo of [[], ['sudo', '-n']]) {
    const [command = '', ...args] = [...sudo, ...mount]
    if (spawnSync(command, args).status !== 0) continue
    const [umount = '', ...rest] = [...sudo, 'umount', folder]
    return { unmount: () => execFileSync(umount, rest) }
  }
  return null
}
