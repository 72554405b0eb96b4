import { spawn, spawnSync } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { EXIT, StartRefused } from '../../exit.ts'
import type { Source } from './sources.ts'

const REGULAR_FILE = /^10/
/** `git add --intent-to-add` stages a name without content. */
const NO_CONTENT = /^0+$/
const LIST_BYTES_MAX = 256 * 1024 * 1024

/** The files as they are staged for the next commit, whatever the working tree holds. */
export async function* stagedFiles(paths: readonly string[]): AsyncGenerator<Source> {
  const staged = listStaged(paths)
  if (staged.length === 0) return
  const git = spawn('git', ['cat-file', '--batch'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const contents = new Contents(git.stdin, git.stdout)
  try {
    for (const { name, object } of staged) yield { name, read: () => contents.read(object) }
  } finally {
    git.kill()
  }
}

function listStaged(paths: readonly string[]): { name: string; object: string }[] {
  // Outside a repository `git diff` compares files, and says nothing of a repository.
  askGit(['rev-parse', '--git-dir'])
  const format = ['--raw', '-z', '--no-abbrev', '--no-renames', '--no-relative', '--no-ext-diff']
  const args = ['diff', '--cached', ...format, '--diff-filter=d', '--', ...paths]
  return readPairs(askGit(args).split('\0').slice(0, -1))
}

function askGit(args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync('git', args, {
    encoding: 'utf8',
    maxBuffer: LIST_BYTES_MAX,
  })
  if (error) throw new StartRefused(EXIT.failed, 'git cannot be run.', { cause: error })
  if (status !== 0) throw new StartRefused(EXIT.failed, `git says: ${stderr.split('\n', 1)[0]}`)
  return stdout
}

/** Facts and name take turns: `:100644 100644 <old> <new> M`, then the path. */
function readPairs(fields: readonly string[]): { name: string; object: string }[] {
  return fields.flatMap((facts, index) => {
    const [, mode = '', , object = ''] = facts.split(' ')
    const name = fields[index + 1]
    if (index % 2 === 1 || name === undefined || !REGULAR_FILE.test(mode)) return []
    return NO_CONTENT.test(object) ? [] : [{ name, object }]
  })
}

/** Asks `git cat-file --batch`, whose answer is a line with the size, the bytes and a newline. */
class Contents {
  readonly #questions: Writable
  readonly #answers: AsyncIterator<Buffer>
  #received: Buffer = Buffer.alloc(0)
  /** Bytes of the answer that nobody has read yet. */
  #left = 0

  constructor(questions: Writable, answers: Readable) {
    this.#questions = questions
    this.#answers = answers[Symbol.asyncIterator]()
  }

  async *read(object: string): AsyncGenerator<Buffer> {
    while (this.#left > 0) await this.#take(this.#left)
    this.#questions.write(`${object}\n`)
    const size = Number((await this.#readLine()).split(' ')[2])
    if (Number.isNaN(size)) throw new StartRefused(EXIT.failed, `git has no object ${object}.`)
    this.#left = size + 1
    while (this.#left > 1) yield await this.#take(this.#left - 1)
  }

  async #take(bytesMax: number): Promise<Buffer> {
    if (this.#received.length === 0) await this.#receive()
    const piece = this.#received.subarray(0, bytesMax)
    this.#received = this.#received.subarray(piece.length)
    this.#left -= piece.length
    return piece
  }

  async #readLine(): Promise<string> {
    while (!this.#received.includes('\n')) await this.#receive()
    const end = this.#received.indexOf('\n')
    const line = this.#received.toString('utf8', 0, end)
    this.#received = this.#received.subarray(end + 1)
    return line
  }

  async #receive(): Promise<void> {
    const { done, value } = await this.#answers.next()
    if (done) throw new StartRefused(EXIT.failed, 'git ended before its answer did.')
    this.#received = Buffer.concat([this.#received, value])
  }
}
