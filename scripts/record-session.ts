/**
 * Records docs/terminal-session.md: runs the commands on a terminal against a service of their own, and writes
 * down what is shown. Random parts of secrets are masked.
 *
 *   node --conditions=@keysmith/source scripts/record-session.ts
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import getPort from 'get-port'
import { generateKey, redactKeys } from '../packages/key-format/src/index.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/terminal-session.md')
const MAIN = join(ROOT, 'packages/server/src/cli/main.ts')
const PTY = join(ROOT, 'packages/server/test/_pty.py')
const COLUMNS = 110

interface Step {
  says: string
  /** What is typed. `ID` stands for the id of the key. */
  line: string
  /** What is typed when it asks: after which text, and what; `FILE` stands for what is in it. */
  answer?: [after: string, typed: string]
}

const STEPS: Step[] = [
  {
    says: 'A key for an application. Its secret goes to a file that only its owner can read.',
    line: 'keysmith key create --name billing-worker --owner team-billing --permission jobs:write --expires-in 90d --out billing.secret',
  },
  {
    says: 'Without `--out` the secret is printed, this once.',
    line: 'keysmith key create --name ci-deploy --permission deploy:run --expires-in 30d',
  },
  { says: 'Who has which key. Secrets are in no list.', line: 'keysmith key list' },
  {
    says: 'A gateway asks whether a secret is good for a request.',
    line: 'keysmith key verify --permission jobs:write < billing.secret',
  },
  {
    says: 'A new secret; the old one works for another hour, so that nothing stops.',
    line: 'keysmith key rotate ID --overlap 1h --out billing-2.secret',
  },
  {
    says: 'Typed at the prompt, the old secret is not shown.',
    line: 'keysmith key verify --permission jobs:write',
    answer: ['Secret: ', 'billing.secret'],
  },
  {
    says: 'What cannot be undone asks first.',
    line: 'keysmith key revoke ID --reason "left the team"',
    answer: ['[y/N]', 'y'],
  },
  {
    says: 'From the next verification on the key is refused.',
    line: 'keysmith key verify --permission jobs:write < billing-2.secret',
  },
  {
    says: 'A secret in a file is found before it is committed.',
    line: 'echo "TOKEN=$(cat billing.secret)" > deploy.env; git add deploy.env; keysmith scan --git-staged',
  },
  { says: 'Every change is in the log.', line: 'keysmith audit list --target ID' },
]

/** The page as a fresh run of the commands makes it. */
export async function recordSession(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-session-'))
  const command = [process.execPath, '--conditions=@keysmith/source', MAIN]
  const quoted = command.map((part) => `'${part}'`).join(' ')
  writeFileSync(join(folder, 'keysmith'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 })
  const { secret: token } = generateKey({ brand: 'ks', kind: 'root' })
  const port = await getPort()
  const environment: NodeJS.ProcessEnv = {
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    TERM: 'xterm',
    NO_COLOR: '1',
    KEYSMITH_ENDPOINT: `http://127.0.0.1:${port}`,
    KEYSMITH_TOKEN: token,
  }
  const server = spawn('keysmith', ['serve'], {
    cwd: folder,
    env: {
      ...environment,
      KEYSMITH_PORT: String(port),
      KEYSMITH_BOOTSTRAP_TOKEN: token,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(server.stdout, 'data')
    await ready(`http://127.0.0.1:${port}`)
    return await play(folder, environment)
  } finally {
    await stop(server)
    rmSync(folder, { recursive: true })
  }
}

async function play(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const parts = [
    '# A session on a terminal\n',
    'Recorded by `scripts/record-session.ts`, which runs these commands against a service of its own; a test compares the page',
    'with a fresh run. Random parts of secrets are masked, and so is what was typed at a prompt.',
  ]
  const cwd = mkdtempSync(join(folder, 'work-'))
  execFileSync('git', ['init', '-q'], { cwd, env })
  let id = ''
  for (const { says, line, answer } of STEPS) {
    const typed = line.replace('ID', id)
    const answers = answer ? [[answer[0], `${contentOf(cwd, answer[1])}\r`]] : []
    const pty = [PTY, String(COLUMNS), JSON.stringify(answers), 'bash', '--norc', '-c', typed]
    const child = spawn('python3', pty, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [shown, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    id ||= /^id +([0-9a-z]{16})/m.exec(shown)?.[1] ?? ''
    const exit = code === 0 ? '' : `(exit ${code})\n`
    const screen = redactKeys(cleaned(shown))
    parts.push(`\n${says}\n`, `\`\`\`console\n$ ${typed}\n${screen}${exit}\`\`\``)
  }
  return `${parts.join('\n')}\n`
}

/** What stands on the screen in the end: lines that were drawn anew count once. */
function cleaned(shown: string): string {
  const lines = shown.replaceAll(/\r+\n/g, '\n').split('\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are steered by them
  const plain = lines.map((line) => line.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, ''))
  return plain.map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd()).join('\n')
}

function contentOf(cwd: string, typed: string): string {
  return typed.endsWith('.secret') ? readFileSync(join(cwd, typed), 'utf8').trim() : typed
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => null)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = once(server, 'close')
  server.kill('SIGTERM')
  await ended
}

if (import.meta.main) {
  writeFileSync(PAGE, await recordSession())
  console.log(`wrote ${PAGE}`)
}
