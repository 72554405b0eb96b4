import { generateId } from '@keysmith/key-format'
import { describeChange, SYSTEM } from '../audit/change.ts'
import type { Deps } from '../keys/deps.ts'
import { NO_BOUNDS } from './bounds.ts'
import { DEFAULT_PROJECT } from './find-project.ts'

/** A new installation starts with one project, so that the first key needs no preparation. */
export async function ensureDefaultProject({ store, rules, now }: Deps): Promise<void> {
  const anyProject = await store.listProjects({ scope: null, name: null, limit: 1, cursor: null })
  const head = await store.auditHead()
  if (anyProject.length > 0 || head.seq > 0) return
  const at = now()
  const id = generateId()
  const change = describeChange(SYSTEM, {
    at,
    action: 'project.created',
    target: { kind: 'project', id },
    projectId: id,
    details: { name: DEFAULT_PROJECT, brand: rules.brand },
  })
  await store.insertProject(
    {
      id,
      name: DEFAULT_PROJECT,
      description: null,
      brand: rules.brand,
      enabled: true,
      deletionProtection: true,
      ...NO_BOUNDS,
      ...rules.newProject,
      createdAt: at,
      updatedAt: at,
      revision: 1,
    },
    change,
  )
}
