import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ApiError } from '../errors.ts'
import { invalidRequest, type ValidationError } from './problem.ts'

export const NDJSON = 'application/x-ndjson'

export interface NdjsonOptions {
  maxLines: number
  maxLineBytes: number
  maxBodyBytes: number
}

/** One line of a body: a value of the route's schema, or why it is none. */
export type CheckedLine<Body> = { line: number } & ({ body: Body } | { error: ApiError })

/**
 * In this scope a body is lines of JSON and of no other content type. The schema of a route is that of
 * one line; a wrong line is a value and spoils no other.
 */
export const ndjson = fastifyPlugin<NdjsonOptions>(async (app, options) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    NDJSON,
    { parseAs: 'buffer', bodyLimit: options.maxBodyBytes },
    (_request: unknown, body: Buffer, done: (error: Error | null, lines?: unknown) => void) => {
      const lines = readLines(body, options)
      if (lines instanceof ApiError) done(lines)
      else done(null, lines)
    },
  )
  validateEachLine(app)
})

function readLines(body: Buffer, options: NdjsonOptions): CheckedLine<unknown>[] | ApiError {
  const text = decode(body)
  if (text === null) return new ApiError('invalid_request', { detail: 'The body is not UTF-8.' })
  const lines = text.split('\n').flatMap((line, index) => {
    const json = line.trim()
    return json === '' ? [] : [{ line: index + 1, json }]
  })
  if (lines.length === 0) return noLines()
  if (lines.length > options.maxLines) {
    return new ApiError('invalid_request', {
      detail: `Send at most ${options.maxLines} lines in one request, and the rest in further ones.`,
    })
  }
  return lines.map(({ line, json }) => ({ line, ...readLine(json, options) }))
}

function readLine(json: string, { maxLineBytes }: NdjsonOptions) {
  if (Buffer.byteLength(json) > maxLineBytes) {
    return {
      error: new ApiError('too_large', { detail: `A line has at most ${maxLineBytes} bytes.` }),
    }
  }
  try {
    return { body: JSON.parse(json) as unknown }
  } catch {
    return { error: new ApiError('invalid_request', { detail: 'This line is not JSON.' }) }
  }
}

function decode(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return null
  }
}

function noLines(): ApiError {
  return new ApiError('invalid_request', { detail: `Send lines of JSON as ${NDJSON}.` })
}

type Validate = ((value: unknown) => boolean) & { errors?: ValidationError[] | null }

/** Every line against the schema of the body. What the parser did not read is no list and refused. */
function validateEachLine(app: FastifyInstance): void {
  const compile = app.validatorCompiler
  if (!compile) throw new Error('ndjson is registered after the validation')
  app.setValidatorCompiler((route) => {
    // The compiler of validation.ts, which is Ajv's.
    const validate = compile(route) as Validate
    if (route.httpPart !== 'body') return validate
    return (lines: unknown) =>
      Array.isArray(lines)
        ? { value: lines.map((line: CheckedLine<unknown>) => checkLine(line, validate)) }
        : { error: noLines() }
  })
}

function checkLine(arrived: CheckedLine<unknown>, validate: Validate): CheckedLine<unknown> {
  if ('error' in arrived || validate(arrived.body)) return arrived
  return { line: arrived.line, error: invalidRequest(validate.errors ?? []) }
}
