import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyInstance, preValidationHookHandler, RouteOptions } from 'fastify'
import { ApiError } from '../errors.ts'

const OPTIONS: Options = {
  allErrors: true,
  // The schema of a wrong field goes into the error, where its description says what is expected.
  verbose: true,
  removeAdditional: false,
  useDefaults: true,
  strict: true,
  strictTypes: false,
  allowUnionTypes: true,
}

const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as const

/**
 * Bodies are taken as they are: no coercion (it turns null into 0) and no dropping of unknown fields
 * (it hides mass assignment). Only query strings and paths, which are text, are read as numbers. A
 * route that declares no query or no body takes none.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = bodies()
  // Text can be read as Infinity, which must not escape the bounds: strict numbers would skip them.
  const text = withFormats(new Ajv({ ...OPTIONS, coerceTypes: true, strictNumbers: false }))
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : text).compile(schema as object),
  )
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.schema) route.schema.querystring ??= NO_QUERY
    if (route.method === 'GET') return
    // Decided here, once: to ask a request for its route costs more than the check.
    const check = route.schema?.body === undefined ? refuseBody : fillBody
    route.preValidation = [check, ...[route.preValidation ?? []].flat()]
  })
}

/** An absent body is an empty one, so that the answer names the missing fields. */
const fillBody: preValidationHookHandler = (request, _reply, done) => {
  request.body ??= {}
  done()
}

const refuseBody: preValidationHookHandler = ({ body }, _reply, done) => {
  const isEmpty = body == null || (typeof body === 'object' && Object.keys(body).length === 0)
  if (isEmpty) done()
  else
    done(new ApiError('invalid_request', { detail: 'This route takes no fields. Send no body.' }))
}

/** Does a body fit this schema, by the rules of every route? */
export function compileBody(schema: object): (body: unknown) => boolean {
  return bodies().compile(schema)
}

function bodies(): Ajv {
  return withFormats(new Ajv({ ...OPTIONS, coerceTypes: false }))
}

function withFormats(ajv: Ajv): Ajv {
  addFormats.default(ajv, ['date-time'])
  return ajv
}
