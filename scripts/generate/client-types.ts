import { compile } from 'json-schema-to-typescript'
import { ERROR_CODES, VERDICT_CODES } from '../../packages/contract/src/index.ts'
import type { OpenApi } from './openapi.ts'

const BANNER = '// Generated from docs/reference/openapi.json by `npm run generate`. Do not edit.\n'

/** The types of every schema, query and code on the wire, as TypeScript. */
export async function clientTypes(document: OpenApi): Promise<string> {
  const { schemas } = document.components as { schemas: Record<string, object> }
  const root = {
    $id: 'Wire',
    type: 'object',
    additionalProperties: false,
    properties: {},
    definitions: { ...schemas, ...querySchemas(document), ...codeSchemas() },
  }
  const text = JSON.stringify(root).replaceAll('#/components/schemas/', '#/definitions/')
  const types = await compile(JSON.parse(text), 'Wire', {
    bannerComment: '',
    unreachableDefinitions: true,
    additionalProperties: false,
    strictIndexSignatures: false,
    ignoreMinAndMaxItems: true,
  })
  const withoutRoot = types.replace(/export interface Wire \{\s*\}\n?/, '')
  const withoutOrigin = withoutRoot.replace(
    / \* ?\n \* This interface was referenced by .*\n \* via the `definition` .*\n/g,
    '',
  )
  return BANNER + withoutOrigin.replace(/^\/\*\*\n \*\/\n/gm, '')
}

interface Parameter {
  in: string
  name: string
  description: string
  schema: object
}

interface Operation {
  operationId: string
  parameters?: Parameter[]
}

/** The query of each list, and of a usage: `ListKeys` for `keys.list`. */
function querySchemas(document: OpenApi): Record<string, object> {
  const paths = document.paths as unknown as Record<string, Record<string, Operation>>
  const asking = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .filter(({ operationId }) => operationId === 'keys.usage' || operationId.endsWith('.list'))
  return Object.fromEntries(asking.map(querySchema))
}

function querySchema({ operationId, parameters = [] }: Operation): [string, object] {
  const [resource = '', verb] = operationId.split('.')
  const listed = `${resource.slice(0, 1).toUpperCase()}${resource.slice(1)}`
  const name = verb === 'list' ? `List${listed}` : 'UsageQuery'
  const fields = parameters.filter((parameter) => parameter.in === 'query')
  const properties = fields.map((field) => [
    field.name,
    { ...field.schema, description: field.description },
  ])
  return [
    name,
    {
      title: name,
      description: `The query of ${operationId}.`,
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(properties),
    },
  ]
}

function codeSchemas(): Record<string, object> {
  return {
    ErrorCode: {
      title: 'ErrorCode',
      description: 'Every code of a problem document.',
      enum: Object.keys(ERROR_CODES),
    },
    VerdictCode: {
      title: 'VerdictCode',
      description: 'Every code of a verdict.',
      enum: Object.keys(VERDICT_CODES),
    },
  }
}
