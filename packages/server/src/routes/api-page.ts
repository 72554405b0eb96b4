import { ERROR_CODES, VERDICT_CODES } from '@keysmith/contract'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type JsonObject = { [name: string]: Json }

const METHODS = ['get', 'post', 'patch', 'put', 'delete']

interface Operation {
  method: string
  path: string
  id: string
  summary: string
  tag: string
  permission: string
  body: string | null
  answers: [status: string, schema: string][]
  query: JsonObject[]
}

/** The reference of the API as one static page: every operation, every schema, no script. */
export function renderApiPage(document: JsonObject): string {
  const operations = listOperations(document)
  const info = object(document.info)
  const tags = list(document.tags).map(object)
  const schemas = Object.entries(object(object(document.components).schemas))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API</title>
<link rel="stylesheet" href="docs.css">
</head>
<body>
<h1>${escapeHtml(info.title)} API</h1>
<p>${escapeHtml(info.description)} Version ${escapeHtml(info.version)}. The same as <a href="openapi.json">OpenAPI</a>.</p>
<p>Send a management token as <code>Authorization: Bearer &lt;token&gt;</code>. Errors are <a href="#Problem">problem documents</a>.</p>
<nav>${operations.map(({ id }) => `<a href="#${escapeHtml(id)}"><code>${escapeHtml(id)}</code></a>`).join('')}</nav>
${tags.map((tag) => renderTag(tag, operations)).join('\n')}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => renderSchema(name, object(schema))).join('\n')}
${renderCodes()}
</body>
</html>
`
}

function listOperations(document: JsonObject): Operation[] {
  return Object.entries(object(document.paths)).flatMap(([path, item]) =>
    METHODS.filter((method) => method in object(item)).map((method) => {
      const operation = object(object(item)[method])
      return {
        method: method.toUpperCase(),
        path,
        id: text(operation.operationId),
        summary: text(operation.summary),
        tag: text(list(operation.tags)[0]),
        permission: text(operation['x-permission']),
        body: schemaName(operation.requestBody),
        answers: Object.entries(object(operation.responses)).map(([status, answer]) => [
          status,
          schemaName(answer) ?? '',
        ]),
        query: list(operation.parameters)
          .map(object)
          .filter((parameter) => parameter.in === 'query'),
      }
    }),
  )
}

function renderTag(tag: JsonObject, operations: Operation[]): string {
  const own = operations.filter((operation) => operation.tag === tag.name)
  return `<h2>${escapeHtml(tag.name)}</h2>\n<p>${escapeHtml(tag.description)}</p>\n${own.map(renderOperation).join('\n')}`
}

function renderOperation(operation: Operation): string {
  const { method, path, id, summary, permission, body, answers, query } = operation
  const answer = answers.map(([status, name]) => `${escapeHtml(status)} ${link(name)}`).join(', ')
  const parameters = query.map((parameter) =>
    row(text(parameter.name), parameter, parameter.required === true),
  )
  return `<h3 id="${escapeHtml(id)}"><span class="method">${method}</span> <code>${escapeHtml(path)}</code></h3>
<p>${escapeHtml(summary)}. <code>${escapeHtml(id)}</code>, access <code>${escapeHtml(permission)}</code></p>
<p>${body ? `Body: ${link(body)}. ` : ''}Answers: ${answer}.</p>
${parameters.length > 0 ? `<table><tbody>${parameters.join('')}</tbody></table>` : ''}`
}

function renderSchema(name: string, schema: JsonObject): string {
  const required = list(schema.required)
  const rows = Object.entries(object(schema.properties)).map(([field, value]) =>
    row(field, object(value), required.includes(field)),
  )
  return `<h3 id="${escapeHtml(name)}">${escapeHtml(name)}</h3>
<p>${escapeHtml(schema.description)}</p>
${rows.length > 0 ? `<table><tbody>${rows.join('')}</tbody></table>` : ''}`
}

/** Each error at an anchor of its own: clients link to it as the explanation of a code. */
function renderCodes(): string {
  const errors = Object.entries(ERROR_CODES).map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td></tr>`,
  )
  const verdicts = Object.entries(VERDICT_CODES).map(
    ([code, meaning]) => `<tr><td><code>${code}</code></td><td>${escapeHtml(meaning)}</td></tr>`,
  )
  return `<h2>Error codes</h2>
<table><tbody>${errors.join('')}</tbody></table>
<h2>Verdict codes</h2>
<table><tbody>${verdicts.join('')}</tbody></table>`
}

function row(name: string, value: JsonObject, required: boolean): string {
  const schema = 'schema' in value ? object(value.schema) : value
  const description = text(value.description ?? schema.description)
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${describeType(schema)}${required ? ', required' : ''}</td><td>${escapeHtml(description)}</td></tr>`
}

function describeType(schema: JsonObject): string {
  const name = referenceName(schema)
  if (name) return link(name)
  const choices = list(schema.anyOf).map((choice) => describeType(object(choice)))
  if (choices.length > 0) return choices.join(' or ')
  const values = list(schema.enum).filter((value) => value !== null)
  const type = [schema.type ?? ''].flat().map(text).join(' or ')
  const items = 'items' in schema ? ` of ${describeType(object(schema.items))}` : ''
  return `${escapeHtml(type)}${items}${values.length > 0 ? `: ${escapeHtml(values.join(', '))}` : ''}`
}

function schemaName(holder: Json | undefined): string | null {
  const [content] = Object.values(object(object(holder).content))
  return referenceName(object(object(content).schema))
}

function referenceName(schema: JsonObject): string | null {
  return typeof schema.$ref === 'string' ? (schema.$ref.split('/').at(-1) ?? null) : null
}

function link(name: string): string {
  return name ? `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>` : 'no body'
}

function object(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

function text(value: Json | undefined): string {
  return value == null ? '' : String(value)
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(value: Json | undefined): string {
  return text(value).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
