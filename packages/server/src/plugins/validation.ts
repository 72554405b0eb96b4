import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

const OPTIONS: Options = {
  allErrors: true,
  removeAdditional: false,
  useDefaults: true,
  strict: true,
  strictTypes: false,
  allowUnionTypes: true,
}

/**
 * Bodies are taken as they are: no coercion (it turns null into 0) and no dropping of unknown fields
 * (it hides mass assignment). Only query strings and paths, which are text, are read as numbers.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = withFormats(new Ajv({ ...OPTIONS, coerceTypes: false }))
  const text = withFormats(new Ajv({ ...OPTIONS, coerceTypes: true }))
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : text).compile(schema as object),
  )
}

function withFormats(ajv: Ajv): Ajv {
  addFormats.default(ajv, ['date-time'])
  ajv.addKeyword('example')
  return ajv
}
