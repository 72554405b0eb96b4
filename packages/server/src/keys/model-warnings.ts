import { coversModel } from './intersect.ts'
import type { Key, Project } from './key.ts'

/**
 * Models come and go, so one that the project does not list is no error. A pattern counts as listed when
 * it covers one of the list or is covered by one; a project without a list says nothing.
 */
export function modelWarnings(
  allowedModels: Key['allowedModels'],
  { models }: Pick<Project, 'models'>,
): string[] {
  if (models.length === 0 || allowedModels === null) return []
  const isListed = (model: string) =>
    models.some((listed) => coversModel(listed, model) || coversModel(model, listed))
  const unlisted = allowedModels.filter((model) => !isListed(model))
  if (unlisted.length === 0) return []
  return [`The project does not list: ${unlisted.join(', ')}. A typing error would allow nothing.`]
}
