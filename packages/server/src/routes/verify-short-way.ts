import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { VerifyRequest } from '@keysmith/contract'
import { rememberedPrincipal } from '../access/authenticate.ts'
import { holds } from '../access/permissions.ts'
import type { Principal } from '../access/principal.ts'
import type { Deps } from '../keys/deps.ts'
import { keepBody, MAX_SMALL_BYTES, readBody } from '../plugins/small-json.ts'
import { compileBody } from '../plugins/validation.ts'
import { answerVerification, type VerdictAnswer } from './answer-verification.ts'
import type { App } from './route.ts'

export interface ShortWayOptions {
  deps: Deps
  isDraining: () => boolean
  nextRequestId: () => string
}

/**
 * Lets a plain verification take a short way past the framework, which costs as much as the verification
 * (decision 018). It is plain when nothing has to be refused: a POST to this very path with a small JSON body, by
 * a token that is remembered and may verify. Whatever is not, or turns out not to be, goes the whole way, with
 * the body as far as it was read: so there is one place that refuses. Call it once the app is ready.
 */
export function openShortWay(app: App, options: ShortWayOptions): void {
  const { deps, isDraining, nextRequestId } = options
  const [wholeWay] = app.server.listeners('request') as RequestListener[]
  if (!wholeWay) throw new Error('the server has no listener')
  const answer = (request: IncomingMessage, response: ServerResponse, principal: Principal) => {
    readBody(request, MAX_SMALL_BYTES, (body) => {
      const goWholeWay = () => {
        keepBody(request, body)
        wholeWay(request, response)
      }
      const question = body && readQuestion(body)
      if (!question) return goWholeWay()
      const send = ({ headers, text }: VerdictAnswer) => {
        response.writeHead(200, headers).end(text)
      }
      let verdict: VerdictAnswer | Promise<VerdictAnswer>
      try {
        verdict = answerVerification(deps, {
          body: question,
          principal,
          idempotencyKey: request.headers['idempotency-key'],
          requestId: nextRequestId(),
        })
      } catch {
        return goWholeWay()
      }
      if (!(verdict instanceof Promise)) return send(verdict)
      // What rejects has charged nothing: the whole way finds the same and says it.
      verdict.then(send, goWholeWay).catch(() => response.destroy())
    })
  }

  app.server.removeListener('request', wholeWay)
  app.server.on('request', (request, response) => {
    const principal = isPlain(request) && !isDraining() ? callerOf(deps, request) : null
    if (principal) answer(request, response, principal)
    else wholeWay(request, response)
  })
}

const isQuestion = compileBody(VerifyRequest)

/** The question, or null where the whole way has something to refuse. */
function readQuestion(body: Buffer): VerifyRequest | null {
  try {
    // The schema knows every name, and so `__proto__` is refused like another unknown one.
    const question: unknown = JSON.parse(body.toString('utf8'))
    return isQuestion(question) ? (question as VerifyRequest) : null
  } catch {
    return null
  }
}

function isPlain({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === '/v1/verify' &&
    headers['content-type'] === 'application/json' &&
    Number(headers['content-length']) <= MAX_SMALL_BYTES
  )
}

/** A remembered token that may verify. */
function callerOf(deps: Deps, { headers }: IncomingMessage): Principal | null {
  const principal = rememberedPrincipal(deps, headers.authorization, deps.now())
  return principal && holds(principal.permissions, 'keys:verify') ? principal : null
}
