/**
 * Runs one benchmark against what `npm run build` made, prints its table, keeps the result under bench/results,
 * and fails when a figure misses its must by more than the noise.
 *
 *   npm run bench -- NAME [--quick]
 */
import { parseArgs } from 'node:util'
import { measureBoot } from './boot.ts'
import { measureCli } from './cli.ts'
import { measureClient } from './client.ts'
import { moveToLoadCore } from './cores.ts'
import { measureGrow } from './grow.ts'
import { measureList } from './list.ts'
import { measureOpenLoop } from './open-loop.ts'
import { measurePeers } from './peers.ts'
import { showInReadme } from './readme.ts'
import {
  describeMachine,
  type Effort,
  isMissed,
  keepResult,
  printResult,
  type Result,
} from './result.ts'
import { measureSizes } from './sizes.ts'
import { measureSoak } from './soak.ts'
import { measureVerify } from './verify.ts'

const BENCHES: Record<string, (effort: Effort) => Promise<Result>> = {
  client: measureClient,
  cli: measureCli,
  verify: measureVerify,
  peers: measurePeers,
  openloop: measureOpenLoop,
  grow: measureGrow,
  list: measureList,
  boot: measureBoot,
  soak: measureSoak,
  sizes: measureSizes,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const name = positionals[0] ?? ''
const measure = BENCHES[name]
if (measure === undefined) {
  console.error(`Usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--quick]`)
  process.exit(2)
}

moveToLoadCore()
const machine = describeMachine()
const result = await measure(values.quick ? 'quick' : 'full')
printResult(name, result)
// A quick look is too coarse to be quoted.
if (!values.quick) showInReadme(name, keepResult(name, machine, result))
if (result.figures.some(isMissed)) process.exitCode = 1
