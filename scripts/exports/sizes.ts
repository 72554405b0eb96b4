import { bundleEntries } from './bundle.ts'

interface Budget {
  entry: string
  /** Counted is what the entry adds to this one, which its users have anyway. */
  besides?: string
  /** Bytes after bundling for a browser, minifying and gzip -9. */
  maxBytes: number
}

/**
 * What each adapter adds. All but `web` settle reservations after the answer. Those for Node alone are never
 * downloaded by a browser, and have more to do: every trace of the secret in Node's request is removed.
 */
const ADAPTERS = { web: 1250, hono: 1850, next: 1800, express: 2000, fastify: 2300 }

export const BUDGETS: Budget[] = [
  { entry: '@keysmith/key-format', maxBytes: 1200 },
  { entry: '@keysmith/client', maxBytes: 5120 },
  { entry: '@keysmith/client/verify', maxBytes: 3250 },
  ...Object.entries(ADAPTERS).map(([name, maxBytes]) => ({
    entry: `@keysmith/client/${name}`,
    besides: '@keysmith/client/verify',
    maxBytes,
  })),
]

/** Measures each entry of a package that has a budget; gives what is over it, or cannot be bundled. */
export async function checkSizes(folder: string, name: string): Promise<string[]> {
  const budgets = BUDGETS.filter(({ entry }) => entry === name || entry.startsWith(`${name}/`))
  const problems: string[] = []
  for (const budget of budgets) problems.push(...(await checkSize(folder, budget)))
  return problems
}

async function checkSize(folder: string, budget: Budget): Promise<string[]> {
  const { entry, maxBytes } = budget
  try {
    const bytes = await sizeOf(folder, budget)
    const what = describeBudget(budget)
    console.log(`      ${what}  ${bytes} of at most ${maxBytes} bytes gz`)
    return bytes > maxBytes ? [`${what}: ${bytes} bytes gz, the budget is ${maxBytes}`] : []
  } catch (error) {
    return [`${entry} cannot be bundled: ${error instanceof Error ? error.message : error}`]
  }
}

function describeBudget({ entry, besides }: Budget): string {
  return besides === undefined ? entry : `${entry} besides ${besides}`
}

/** Bytes of an entry of the packages under `folder`/node_modules, or what it adds. */
export async function sizeOf(folder: string, { entry, besides }: Budget): Promise<number> {
  if (besides === undefined) return (await bundleEntries(folder, [entry], 'browser')).bytes
  const both = await bundleEntries(folder, [besides, entry], 'browser')
  const alone = await bundleEntries(folder, [besides], 'browser')
  return both.bytes - alone.bytes
}
