import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

type Schema = Record<string, unknown>
type Document = {
  paths: Record<string, Record<string, Schema>>
  components: { schemas: Record<string, Schema> }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/**
 * What of `now` breaks a client of `released`: an operation, a parameter or a field that went away, a
 * new required field, a choice that is no longer accepted, a changed type.
 */
export function breakingChanges(released: Document, now: Document): string[] {
  const changes: string[] = []
  for (const [path, methods] of Object.entries(released.paths)) {
    for (const method of METHODS.filter((name) => name in methods)) {
      const name = `${method.toUpperCase()} ${path}`
      if (now.paths[path]?.[method])
        compareParameters(name, methods[method], now.paths[path][method], changes)
      else changes.push(`${name} is gone`)
    }
  }
  for (const [name, schema] of Object.entries(released.components.schemas)) {
    const present = now.components.schemas[name]
    if (present) compareSchemas(name, schema, present, changes)
    else changes.push(`the schema ${name} is gone`)
  }
  return changes
}

function compareParameters(
  name: string,
  before: Schema | undefined,
  after: Schema,
  changes: string[],
) {
  const parameters = (operation: Schema | undefined) => (operation?.parameters ?? []) as Schema[]
  for (const { name: parameter, in: place } of parameters(before)) {
    const kept = parameters(after).some((other) => other.name === parameter && other.in === place)
    if (!kept) changes.push(`${name}: the parameter ${parameter} is gone`)
  }
  const old = parameters(before).map((parameter) => parameter.name)
  for (const parameter of parameters(after)) {
    if (parameter.required && !old.includes(parameter.name)) {
      changes.push(`${name}: the parameter ${parameter.name} is newly required`)
    }
  }
}

function compareSchemas(where: string, before: Schema, after: Schema, changes: string[]) {
  if (JSON.stringify(before.type) !== JSON.stringify(after.type) || before.$ref !== after.$ref) {
    changes.push(`${where} changed its type`)
    return
  }
  const isBody = before.additionalProperties === false
  const fields = (schema: Schema) => (schema.properties ?? {}) as Record<string, Schema>
  for (const [field, schema] of Object.entries(fields(before))) {
    const present = fields(after)[field]
    if (present) compareSchemas(`${where}.${field}`, schema, present, changes)
    else changes.push(`${where}.${field} is gone`)
  }
  const required = (schema: Schema) => (schema.required ?? []) as string[]
  const more = required(after).filter((field) => !required(before).includes(field))
  const fewer = required(before).filter((field) => !required(after).includes(field))
  if (isBody) for (const field of more) changes.push(`${where}.${field} is newly required`)
  else for (const field of fewer) changes.push(`${where}.${field} may now be absent`)
  const choices = (schema: Schema) => (schema.enum ?? []) as unknown[]
  for (const choice of choices(before)) {
    if (!choices(after).includes(choice)) changes.push(`${where} no longer knows ${choice}`)
  }
}

/** A major changeset says that breaking is meant. */
function announcesMajor(root: string): boolean {
  const folder = join(root, '.changeset')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .some((file) => /: major$/m.test(readFileSync(join(folder, file), 'utf8')))
}

function main(root: string): void {
  const released = join(root, 'docs/reference/openapi.released.json')
  if (!existsSync(released)) {
    console.log('No release has an API description yet: nothing can break.')
    return
  }
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Document
  const changes = breakingChanges(read(released), read(join(root, 'docs/reference/openapi.json')))
  for (const change of changes) console.log(`breaking: ${change}`)
  if (changes.length > 0 && !announcesMajor(root)) {
    console.error('Breaking changes need a changeset that says major.')
    process.exitCode = 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv[2] ?? join(import.meta.dirname, '..'))
}
