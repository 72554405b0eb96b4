import type { Project } from '@keysmith/client'
import { type Command, Option } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'
import { readBrand } from './brand.ts'
import { withClient } from './client.ts'
import { defined } from './defined.ts'
import { readProject } from './ids.ts'
import { addListOptions, type ListOptions, takeItems } from './list-options.ts'
import { printJson, printLine } from './print.ts'
import { addBoundOptions, type BoundOptions, boundFacts, readBounds } from './projects/bounds.ts'
import { confirm } from './prompt.ts'
import { type Cell, printFacts, printTable } from './table.ts'
import { formatTime, formatTimeShort } from './time.ts'

interface FieldOptions extends BoundOptions {
  name?: string
  description?: string
  brand?: string
  deletionProtection?: 'on' | 'off'
  enabled?: 'on' | 'off'
  json?: true
}

export function defineProject(project: Command): void {
  addFields(project.command('create').description('create a project, a namespace of keys'))
    .requiredOption('--name <name>', 'unique; small letters, digits, dot, hyphen, underscore')
    .action(create)
  addListOptions(project.command('list').description('list projects, newest first')).action(list)
  project
    .command('get')
    .description('show a project')
    .argument('<project>', 'id or name', readProject)
    .option('--json', 'print JSON')
    .action(get)
  addFields(project.command('update').description('change a project; what is not named stays'))
    .argument('<project>', 'id or name', readProject)
    .option('--name <name>', 'a new name')
    .addOption(new Option('--enabled <state>', 'off = refuse its keys').choices(['on', 'off']))
    .action(update)
  project
    .command('delete')
    .description('delete a project without usable keys; cannot be undone')
    .argument('<project>', 'id or name', readProject)
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(remove)
}

function addFields(command: Command): Command {
  const described = command
    .option('--description <text>', 'notes for people; none = no notes')
    .option('--brand <brand>', 'first part of the secrets it issues from now on', readBrand)
    .addOption(
      new Option('--deletion-protection <state>', 'refuse to delete it').choices(['on', 'off']),
    )
  return addBoundOptions(described).option('--json', 'print JSON')
}

function readFields(options: FieldOptions) {
  const { name, description, brand, deletionProtection, enabled } = options
  const fields = defined({
    name,
    description: description === 'none' ? null : description,
    brand,
    deletionProtection: deletionProtection && deletionProtection === 'on',
    enabled: enabled && enabled === 'on',
  })
  return { ...fields, ...readBounds(options) }
}

async function create({ name, json, ...options }: FieldOptions & { name: string }) {
  const body = { ...readFields(options), name }
  const project = await withClient(async (client) => client.projects.create(body))
  show(project, json)
}

async function list(options: ListOptions) {
  const projects = await withClient((client) =>
    takeItems((limit) => client.projects.list({ limit }), options),
  )
  if (options.json) {
    printJson(projects)
    return
  }
  const rows = projects.map((project) => [
    project.id,
    project.name,
    project.brand,
    stateOf(project),
    formatTimeShort(project.createdAt, ''),
    project.description ?? '',
  ])
  printTable(rows, ['ID', 'NAME', 'BRAND', 'STATE', 'CREATED', 'DESCRIPTION'])
}

async function get(id: string, { json }: { json?: true }) {
  show(await withClient(async (client) => client.projects.get(id)), json)
}

async function update(id: string, { json, ...options }: FieldOptions) {
  const body = readFields(options)
  if (Object.keys(body).length === 0) {
    throw new StartRefused(EXIT.usage, 'Nothing to change. See keysmith project update --help.')
  }
  show(await withClient(async (client) => client.projects.update(id, body)), json)
}

async function remove(id: string, { yes, json }: { yes?: true; json?: true }) {
  if (!yes) await confirm(`Delete the project ${id}? It cannot be undone.`)
  await withClient(async (client) => client.projects.delete(id))
  if (json) printJson({ deleted: id })
  else printLine(`deleted  ${id}`)
}

function show(project: Project, json: true | undefined): void {
  if (json) {
    printJson(project)
    return
  }
  printFacts({
    id: project.id,
    name: project.name,
    brand: project.brand,
    state: stateOf(project),
    protection: project.deletionProtection ? 'on' : 'off',
    description: project.description,
    ...boundFacts(project),
    created: formatTime(project.createdAt, ''),
  })
}

function stateOf({ enabled }: Project): Cell {
  return enabled ? { text: 'enabled', tone: 'good' } : { text: 'disabled', tone: 'warn' }
}
