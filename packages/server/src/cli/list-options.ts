import type { List } from '@keysmith/client'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { tell } from './print.ts'
import { withProgress } from './progress.ts'

/** How much of a list is wanted: its newest items, or all. */
export interface ListOptions {
  limit: number
  all?: true
  json?: true
}

/** As many as the service gives at once. */
const PAGE_SIZE = 200

export function addListOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--limit <number>', 'how many, newest first').argParser(readLimit).default(50),
    )
    .option('--all', 'all of them, however many')
    .option('--json', 'print JSON')
}

/** Takes as many as are wanted of a list, and says when there are more. `toList` gets the size of a page. */
export async function takeItems<Item>(
  toList: (limit: number) => List<Item>,
  { limit, all }: ListOptions,
): Promise<Item[]> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit
  const { items, isWhole } = await withProgress(async ({ show }) => {
    const items: Item[] = []
    for await (const page of toList(Math.min(wanted, PAGE_SIZE)).pages()) {
      items.push(...page.items)
      show(`${items.length} so far`)
      if (items.length >= wanted) return { items, isWhole: page.nextCursor === null }
    }
    return { items, isWhole: true }
  })
  if (!isWhole || items.length > wanted) {
    tell(`The newest ${wanted}; there are more: --limit or --all.`)
  }
  return items.slice(0, wanted)
}

function readLimit(text: string): number {
  const limit = Number(text)
  if (/^\d{1,6}$/.test(text) && limit > 0) return limit
  throw new InvalidArgumentError('Give a whole number from 1 to 999999.')
}
