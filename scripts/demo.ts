/** The life of a key against a running service: create, verify, rotate with overlap, revoke. */

const endpoint = process.env.KEYSMITH_ENDPOINT ?? 'http://127.0.0.1:8420'
const token = process.env.KEYSMITH_TOKEN

interface Problem {
  code: string
  title: string
  detail: string
}

interface IssuedKey {
  key: { id: string; secretVersion: number }
  secret: string
}

async function call<Answer>(path: string, body: unknown): Promise<Answer> {
  const response = await fetch(endpoint + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Answer & Partial<Problem>
  if (!response.ok) throw new Error(`${path}: ${answer.code}: ${answer.detail ?? answer.title}`)
  return answer
}

async function expectVerdict(what: string, secret: string, code: string): Promise<void> {
  const verdict = await call<{ code: string }>('/v1/verify', { secret })
  console.log(`verify   ${what.padEnd(12)} ${verdict.code}`)
  if (verdict.code !== code) throw new Error(`expected ${code}`)
}

/** The public part of a secret: what may be printed. */
function mask(secret: string): string {
  return `${secret.slice(0, secret.lastIndexOf('_'))}_****`
}

async function main(): Promise<void> {
  const first = await call<IssuedKey>('/v1/keys', { name: 'demo', expiresInDays: 1 })
  const path = `/v1/keys/${first.key.id}`
  console.log(`create   ${mask(first.secret)}`)
  await expectVerdict('the secret', first.secret, 'valid')

  const second = await call<IssuedKey>(`${path}/rotate`, { overlapSeconds: 3600 })
  console.log(`rotate   ${mask(second.secret)}   the old one works for an hour`)
  await expectVerdict('old secret', first.secret, 'valid')
  await expectVerdict('new secret', second.secret, 'valid')

  await call(`${path}/overlap`, { overlapSeconds: 0 })
  console.log('overlap  ended now')
  await expectVerdict('old secret', first.secret, 'expired')
  await expectVerdict('new secret', second.secret, 'valid')

  await call(`${path}/revoke`, { reason: 'demo' })
  console.log('revoke   done')
  await expectVerdict('new secret', second.secret, 'revoked')
}

try {
  if (!token) throw new Error('Set KEYSMITH_TOKEN to a token with keys:write and keys:verify.')
  await main()
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
  console.error(`demo: ${error instanceof Error ? error.message : error} ${cause}`.trim())
  process.exitCode = 1
}
