import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, type TestContext, test } from 'vitest'
import { COMMAND, commandEnvironment, keysmith } from './_process.ts'
import { tempFolder } from './_service.ts'

const root = tempFolder()
mkdirSync(join(root, 'files'))
writeFileSync(join(root, 'files', 'some-file'), '')
writeFileSync(join(root, 'keysmith'), `#!/bin/sh\nexec ${COMMAND} "$@"\n`, { mode: 0o755 })
afterAll(() => rmSync(root, { recursive: true, force: true }))

const env = {
  ...commandEnvironment({}),
  TERM: 'dumb',
  PATH: `${root}:${process.env.PATH}`,
  HOME: root,
}
const cwd = join(root, 'files')

/** A shell is no npm package: outside CI a machine may lack it. */
function requireShell(name: string, context: TestContext): void {
  if (spawnSync(name, ['--version']).status === 0) return
  const reason = `SKIPPED: ${name} is not installed, so its completions cannot be tried`
  process.stderr.write(`${reason}\n`)
  if (process.env.CI) throw new Error(reason)
  context.skip(reason)
}

const inShell = (name: string, args: string[], script: string) => {
  const { stdout, stderr } = spawnSync(name, [...args, script], { cwd, env, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

/** The words of a line, as bash splits it, and what may stand in place of the last one. */
const CASES = [
  [['ver'], ['version']],
  [['key', 'gen'], ['generate']],
  [['key', 'generate', '--ki'], ['--kind']],
  [
    ['key', 'generate', '--kind', ''],
    ['live', 'test', 'root'],
  ],
  [['key', 'generate', '--kind', 'l'], ['live']],
  [['key', 'generate', '--kind', '=', 'l'], ['live']],
  [
    ['key', 'generate', '--kind', '='],
    ['live', 'test', 'root'],
  ],
  [['key', 'generate', '--brand', 'ks', '--kind', 't'], ['test']],
  [['key', 'generate', '--out', 'some'], ['some-file']],
  [
    ['scanner', 'export', 'g'],
    ['gitleaks', 'github'],
  ],
  [['scanner', 'export', '--brand', 'ks', 'se'], ['secretlint']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['pol'], ['policy']],
  [['policy', 'cr'], ['create']],
  [['policy', 'update', '--max'], ['--max-lifetime']],
  [['scan', 'some'], ['some-file']],
  [['no-such-command', 'x', 'y'], ['']],
  [[`'$(touch pwned)'`, 'ver'], ['']],
] as const

describe('bash', () => {
  /** What bash would offer: its own readline calls the function that the script registers. */
  function bash(words: readonly string[]) {
    const line = words.map((word) => (word === '' ? "''" : word)).join(' ')
    return inShell(
      'bash',
      ['--norc', '-ec'],
      `source <(keysmith completion bash); source <(keysmith completion bash)
       compopt() { files=yes; }
       COMP_WORDS=(keysmith ${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); files=
       _keysmith
       [[ -n $files ]] && mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[-1]}")
       printf '%s\\n' "\${COMPREPLY[@]}"`,
    )
  }
  test.for(CASES)('%j', ([words, expected]) => {
    expect(bash(words)).toEqual(expected)
  })

  test('a line that is being typed is not carried out', () => {
    bash([`'$(touch pwned)'`, `'\`touch pwned\`'`, ''])
    expect(spawnSync('ls', { cwd, encoding: 'utf8' }).stdout).toBe('some-file\n')
  })

  test('pressing the tab key completes the line', () => {
    const typed = 'keysmith key generate --ki\tl\t | sed "s/^/made-/"\n'
    const script = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
def until(text):
    seen = ""
    while text not in seen:
        seen += os.read(terminal, 4096).decode()
os.write(terminal, b"source <(keysmith completion bash); echo rea''dy\\n")
until("ready")
os.write(terminal, sys.argv[1].encode())
until("made-ks_live_1")`
    const { status, stderr } = spawnSync('python3', ['-c', script, typed], {
      cwd,
      env,
      timeout: 25_000,
    })
    expect(String(stderr)).toBe('')
    expect(status).toBe(0)
  })
})

test('zsh completes the line', (context) => {
  requireShell('zsh', context)
  const script = `zmodload zsh/zpty
    zpty shell "PATH=$PATH zsh -f -i"
    zpty -w shell 'autoload -Uz compinit; compinit -u -D; source <(keysmith completion zsh); echo rea""dy'
    zpty -r shell line '*ready*'
    zpty -n -w shell $'keysmith key generate --ki\\tl\\t | sed "s/^/made-/"\\n'
    zpty -r shell line '*made-ks_live_1*'
    echo completed`
  expect(inShell('zsh', ['-fc'], script)).toEqual(['completed'])
})

test('fish offers the same', (context) => {
  requireShell('fish', context)
  const offers = (line: string) =>
    inShell(
      'fish',
      ['--no-config', '-c'],
      `keysmith completion fish | source; complete -C '${line}'`,
    )
  expect(offers('keysmith key generate --kind ').toSorted()).toEqual(['live', 'root', 'test'])
  expect(offers('keysmith key gen')[0]).toMatch(/^generate\t/)
  expect(offers('keysmith key generate --kind=l')).toEqual(['--kind=live'])
  expect(offers('keysmith scan some')).toEqual(['some-file'])
})

test('every script names the shells it is for in its help', async () => {
  const { stdout } = await keysmith(['completion', '--help'])
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect(stdout).toContain(`keysmith completion ${shell} >`)
    expect((await keysmith(['completion', shell])).stdout).toContain('keysmith complete -- ')
  }
})
