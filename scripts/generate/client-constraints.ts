import type { OpenApi } from './openapi.ts'

const BANNER = '// Generated from docs/reference/openapi.json by `npm run generate`. Do not edit.\n'

/** What a form must know of a field. */
const KEYWORDS = [
  'enum',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
]

type Schema = Record<string, unknown>

/** The bodies of requests as plain constants: limits, patterns and choices, by field. */
export function clientConstraints(document: OpenApi): string {
  const { schemas } = document.components as unknown as { schemas: Record<string, Schema> }
  const bodies = Object.entries(schemas).filter(
    ([, schema]) => schema.additionalProperties === false,
  )
  const constants = bodies.map(([name, schema]) => {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
    const fields = properties.map(([field, value]) => [field, constraintsOf(value, schema, field)])
    return `export const ${name} = ${JSON.stringify(Object.fromEntries(fields), null, 2)} as const\n`
  })
  return [BANNER, ...constants].join('\n')
}

function constraintsOf(value: Schema, parent: Schema, field: string): Schema {
  const required = (parent.required as string[] | undefined)?.includes(field) ?? false
  const items = value.items as Schema | undefined
  return { required, ...pick(value), ...(items ? { items: pick(items) } : {}) }
}

function pick(schema: Schema): Schema {
  return Object.fromEntries(
    KEYWORDS.filter((name) => name in schema).map((name) => [name, schema[name]]),
  )
}
