import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BUDGETS, sizeOf } from '../scripts/exports/sizes.ts'
import type { Figure, Result } from './result.ts'
import { spreadOf } from './rounds.ts'

/** Below our node_modules, where the built packages are found by their names. */
const CACHE = join(import.meta.dirname, '../node_modules/.cache')

/** What is downloaded by those who use the packages, against its budgets (P16). */
export async function measureSizes(): Promise<Result> {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'bench-sizes-'))
  const figures: Figure[] = []
  // What an adapter adds is for `npm run exports`.
  for (const budget of BUDGETS.filter(({ besides }) => besides === undefined)) {
    const spread = spreadOf([await sizeOf(folder, budget)])
    const must = { atMost: budget.maxBytes }
    figures.push({ what: `P16 ${budget.entry}`, unit: 'bytes', must, ...spread })
  }
  rmSync(folder, { recursive: true })
  return {
    method: 'Everything an entry exports, bundled for a browser, minified, gzip -9.',
    rounds: 1,
    figures,
  }
}
