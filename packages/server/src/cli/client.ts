import type { Client, KeysmithError } from '@keysmith/client'
import { EXIT, StartRefused } from '../exit.ts'

/**
 * Does work with a client of the service that the settings of the caller name. What the service or the
 * network refuses becomes one line and an exit code.
 */
export async function withClient<Result>(
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const [{ readCaller }, { createClient, KeysmithError }] = await Promise.all([
    import('../config.ts'),
    import('@keysmith/client'),
  ])
  const { endpoint, token, project } = readCaller()
  const client = createClient({ baseUrl: endpoint, token, project, verify: { precheck: 'off' } })
  try {
    return await work(client)
  } catch (error) {
    throw error instanceof KeysmithError ? toRefusal(error, endpoint) : error
  }
}

const FIXES: Record<string, string> = {
  unauthenticated: 'Check KEYSMITH_TOKEN: it is wrong, expired or revoked.',
  connection_failed: 'Start the service, or set KEYSMITH_ENDPOINT.',
  redirected: 'Check KEYSMITH_ENDPOINT.',
  unrecognized_answer: 'Check KEYSMITH_ENDPOINT.',
  timeout: 'A change may have been carried out all the same: look before you repeat it.',
}

function toRefusal(error: KeysmithError, endpoint: string): StartRefused {
  const isAnswer = 'status' in error
  const fix = FIXES[error.code]
  const sentences = [
    isAnswer ? error.message : `${endpoint}: ${error.message}`,
    ...(fix === undefined ? [] : [fix]),
  ].map((sentence) => (sentence.endsWith('.') ? sentence : `${sentence}.`))
  const exitCode = isAnswer ? exitCodeOf(Number(error.status)) : EXIT.storage
  return new StartRefused(exitCode, sentences.join(' '), { cause: error })
}

function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound
  return status === 503 ? EXIT.storage : EXIT.failed
}
