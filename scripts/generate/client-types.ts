import { compile } from 'json-schema-to-typescript'
import type { OpenApi } from './openapi.ts'

const BANNER = '// Generated from docs/reference/openapi.json by `npm run generate`. Do not edit.\n'

/** The types of every schema on the wire, as TypeScript. */
export async function clientTypes(document: OpenApi): Promise<string> {
  const { schemas } = document.components as { schemas: Record<string, object> }
  const root = {
    $id: 'Wire',
    type: 'object',
    additionalProperties: false,
    properties: {},
    definitions: schemas,
  }
  const text = JSON.stringify(root).replaceAll('#/components/schemas/', '#/definitions/')
  const types = await compile(JSON.parse(text), 'Wire', {
    bannerComment: '',
    unreachableDefinitions: true,
    additionalProperties: false,
    strictIndexSignatures: false,
  })
  const withoutRoot = types.replace(/export interface Wire \{\s*\}\n?/, '')
  const withoutOrigin = withoutRoot.replace(
    / \* ?\n \* This interface was referenced by .*\n \* via the `definition` .*\n/g,
    '',
  )
  return BANNER + withoutOrigin.replace(/^\/\*\*\n \*\/\n/gm, '')
}
