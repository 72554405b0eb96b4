import type { Client, KeysmithError } from '@keysmith/client'
import { EXIT, StartRefused } from '../exit.ts'

/**
 * Does work with a client of the service that the settings of the caller name, and with their project.
 * What the service or the network refuses becomes one line and an exit code.
 */
export async function withClient<Result>(
  work: (client: Client, project: string | undefined) => Promise<Result>,
): Promise<Result> {
  const [{ readCaller }, { createClient, KeysmithError }] = await Promise.all([
    import('../config.ts'),
    import('@keysmith/client'),
  ])
  const { endpoint, token, project } = readCaller()
  const client = createClient({ baseUrl: endpoint, token, project, verify: { precheck: 'off' } })
  try {
    return await work(client, project)
  } catch (error) {
    throw error instanceof KeysmithError ? toRefusal(error, endpoint) : error
  }
}

const FIXES: Record<string, string> = {
  unauthenticated: 'Check KEYSMITH_TOKEN: it is wrong, expired or revoked.',
  connection_failed: 'Start the service, or set KEYSMITH_ENDPOINT.',
  redirected: 'Check KEYSMITH_ENDPOINT.',
  route_not_found: 'Check KEYSMITH_ENDPOINT.',
  unrecognized_answer: 'Check KEYSMITH_ENDPOINT.',
  timeout: 'If it was a change, it may have been made all the same: look before you repeat it.',
}
const UNTRUSTED =
  'Its certificate is not trusted here: name its issuer in NODE_EXTRA_CA_CERTS, or mend it.'

function toRefusal(error: KeysmithError, endpoint: string): StartRefused {
  // What stands in between, such as a proxy, gives answers with a status too.
  const isAnswer = 'status' in error && error.code !== 'unrecognized_answer'
  const fix = fixOf(error)
  const sentences = [
    isAnswer ? error.message : `${endpoint}: ${error.message}`,
    ...(fix === undefined ? [] : [fix]),
  ].map((sentence) => (sentence.endsWith('.') ? sentence : `${sentence}.`))
  const exitCode = isAnswer ? exitCodeOf(error) : EXIT.storage
  return new StartRefused(exitCode, sentences.join(' '), { cause: error })
}

function fixOf(error: KeysmithError): string | undefined {
  const isUntrusted = 'reason' in error && /CERT|LEAF_SIGNATURE/.test(String(error.reason))
  return isUntrusted ? UNTRUSTED : FIXES[error.code]
}

function exitCodeOf({ code, status }: KeysmithError & { status?: unknown }): number {
  // Another address may know the route: nothing is said of what was asked for.
  if (status === 404) return code === 'route_not_found' ? EXIT.failed : EXIT.notFound
  return status === 503 ? EXIT.storage : EXIT.failed
}
