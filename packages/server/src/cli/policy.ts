import type { Policy } from '@keysmith/client'
import type { Command } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'
import { withClient } from './client.ts'
import { defined } from './defined.ts'
import { readId, readProject } from './ids.ts'
import { addListOptions, type ListOptions, takeItems } from './list-options.ts'
import { addFieldOptions, type FieldOptions, readFields } from './policies/fields.ts'
import { showPolicies, showPolicy } from './policies/present.ts'
import { printJson, printLine } from './print.ts'
import { confirm } from './prompt.ts'

interface ProjectOption {
  project?: string
}

export function definePolicy(policy: Command): void {
  addFieldOptions(
    policy.command('create').description('create a policy: permissions and limits for many keys'),
  )
    .requiredOption('--name <name>', 'unique within its project')
    .option('--project <project>', 'whose keys may have it, by id or name', readProject)
    .option('--json', 'print JSON')
    .action(create)
  addListOptions(policy.command('list').description('list policies, newest first'))
    .option('--project <project>', 'only of this project, by id or name', readProject)
    .option('--name <name>', 'only the one with this name')
    .action(list)
  policy
    .command('get')
    .description('show a policy')
    .argument('<id>', 'id of the policy', readId)
    .option('--json', 'print JSON')
    .action(get)
  addFieldOptions(
    policy
      .command('update')
      .description('change a policy, and with it its keys at once; what is not named stays'),
  )
    .argument('<id>', 'id of the policy', readId)
    .option('--name <name>', 'a new name')
    .option('--json', 'print JSON')
    .action(update)
  policy
    .command('delete')
    .description('delete a policy that no key has; cannot be undone')
    .argument('<id>', 'id of the policy', readId)
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(remove)
}

async function create({
  name,
  project,
  json,
  ...options
}: FieldOptions & ProjectOption & { name: string; json?: true }) {
  const fields = { ...readFields(options), name }
  const policy = await withClient(async (client, present) =>
    client.policies.create({ ...fields, ...defined({ project: project ?? present }) }),
  )
  show(policy, json)
}

async function list({
  project,
  name,
  ...options
}: ListOptions & ProjectOption & { name?: string }) {
  const policies = await withClient((client, present) => {
    const filter = defined({ project: project ?? present, name })
    return takeItems((limit) => client.policies.list({ limit, ...filter }), options)
  })
  if (options.json) printJson(policies)
  else showPolicies(policies)
}

async function get(id: string, { json }: { json?: true }) {
  show(await withClient(async (client) => client.policies.get(id)), json)
}

async function update(id: string, { json, ...options }: FieldOptions & { json?: true }) {
  const fields = readFields(options)
  if (Object.keys(fields).length === 0) {
    throw new StartRefused(EXIT.usage, 'Nothing to change. See keysmith policy update --help.')
  }
  show(await withClient(async (client) => client.policies.update(id, fields)), json)
}

async function remove(id: string, { yes, json }: { yes?: true; json?: true }) {
  if (!yes) await confirm(`Delete the policy ${id}? It cannot be undone.`)
  await withClient(async (client) => client.policies.delete(id))
  if (json) printJson({ deleted: id })
  else printLine(`deleted  ${id}`)
}

function show(policy: Policy, json: true | undefined): void {
  if (json) printJson(policy)
  else showPolicy(policy)
}
