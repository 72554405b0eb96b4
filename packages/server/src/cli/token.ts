import type { CreateToken, IssuedToken, Token } from '@keysmith/contract'
import type { Command } from 'commander'
import { askForAll, askService } from './ask-service.ts'
import { fromNow, readDuration } from './duration.ts'
import { handOver } from './hand-over.ts'
import { readId, readProject } from './ids.ts'
import { printJson, printLine } from './print.ts'
import { confirm } from './prompt.ts'
import { collect } from './repeatable.ts'
import { toneOf } from './style.ts'
import { printTable } from './table.ts'
import { formatTimeShort } from './time.ts'

interface CreateOptions {
  name: string
  permission: string[]
  project?: string
  ttl?: number
  out?: string
  json?: true
}

export function defineToken(token: Command): void {
  token
    .command('create')
    .description('create a management token and print its secret, which is shown only once')
    .requiredOption('--name <name>', 'what the token is for')
    .requiredOption(
      '--permission <permission>',
      'a right on the API (keys:write), or a permission it may hand out (jobs:*, *); repeatable',
      collect,
    )
    .option('--project <project>', 'the only project it may touch, by id or name', readProject)
    .option(
      '--ttl <duration>',
      'lifetime such as 12h or 90d; default: it never expires',
      readDuration,
    )
    .option('--out <file>', 'write the secret to a new file (0600) instead of printing it')
    .option('--json', 'print JSON')
    .action(createToken)
  token
    .command('list')
    .description('list management tokens')
    .option('--json', 'print JSON')
    .action(listTokens)
  token
    .command('revoke')
    .description('revoke a management token at once')
    .argument('<id>', 'id of the token', readId)
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(revokeToken)
}

async function createToken({ name, permission, project, ttl, out, json }: CreateOptions) {
  const body: CreateToken = {
    name,
    permissions: permission,
    ...(project === undefined ? {} : { project }),
    ...(ttl === undefined ? {} : { expiresAt: fromNow(ttl) }),
  }
  await handOver({ out, json }, async () => {
    const question = { method: 'POST', path: '/v1/tokens', body } as const
    const { token, secret } = await askService<IssuedToken>(question)
    return {
      secret,
      words: { secret: 'token', owner: `token ${token.id}` },
      record: { token },
      facts: [
        `id       ${token.id}   ${token.permissions.join(' ')}`,
        `expires  ${token.expiresAt ?? 'never'}`,
      ],
    }
  })
}

async function listTokens({ json }: { json?: true }) {
  const tokens = await askForAll<Token>('/v1/tokens')
  if (json) {
    printJson(tokens)
    return
  }
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    { text: token.status, tone: toneOf(token.status) },
    formatTimeShort(token.expiresAt, 'never'),
    formatTimeShort(token.lastUsedAt, 'never'),
    token.project ?? 'all',
    token.permissions.join(' '),
  ])
  printTable(rows, ['ID', 'NAME', 'STATUS', 'EXPIRES', 'LAST USED', 'PROJECT', 'PERMISSIONS'])
}

async function revokeToken(id: string, { yes, json }: { yes?: true; json?: true }) {
  if (!yes) await confirm(`Revoke the token ${id}? It cannot be undone.`)
  const token = await askService<Token>({ method: 'DELETE', path: `/v1/tokens/${id}` })
  if (json) printJson(token)
  else printLine(`revoked  ${token.id}   ${token.name}`)
}
