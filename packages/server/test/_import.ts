import { createHash, randomBytes } from 'node:crypto'
import { type Answer, ask, type TestService, verify } from './_service.ts'

/** A string that some other system issued: 160 random bits, of no shape of ours. */
export function foreignString(): string {
  return `sk_prod_${randomBytes(20).toString('hex')}`
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The line of a string, with a name and whatever else. */
export function lineOf(string: string, attributes: Record<string, unknown> = {}) {
  return { name: 'moved in', secretSha256: sha256(string), ...attributes }
}

/** One import of these lines: objects, or text as it stands. */
export function importLines(
  service: TestService,
  lines: readonly unknown[],
  options: { query?: string; token?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { query = '', token, headers = {} } = options
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  return ask(service, 'POST', `/v1/keys/import${query}`, {
    body: `${texts.join('\n')}\n`,
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    ...(token === undefined ? {} : { token }),
  })
}

/** Of random strings, and of those for which nobody vouches. */
export const FAST = '?entropyBits=160'
export const SLOW = ''

/** Imports one string and gives the id of its key. */
export async function importOne(
  service: TestService,
  string: string,
  options: { query: string; attributes?: Record<string, unknown>; token?: string },
): Promise<string> {
  const { attributes, ...rest } = options
  const { body, text } = await importLines(service, [lineOf(string, attributes)], rest)
  const [line] = body.lines
  if (line.outcome !== 'imported') throw new Error(text)
  return line.keyId
}

export const codeOf = async (service: TestService, secret: string, token?: string) =>
  (await verify(service, secret, {}, token)).code
export const getKey = async (service: TestService, id: string) =>
  (await ask(service, 'GET', `/v1/keys/${id}`)).body
export const listKeys = async (service: TestService) =>
  (await ask(service, 'GET', '/v1/keys?limit=200')).body.items
export const auditOf = async (service: TestService, id: string) =>
  (await ask(service, 'GET', `/v1/audit-events?target=${id}`)).body.items
export async function createProject(service: TestService, name: string): Promise<string> {
  return (await ask(service, 'POST', '/v1/projects', { body: { name, brand: 'pay' } })).body.id
}
