import type { Command } from 'commander'
import { defineKeyGenerate } from './keys/generate.ts'
import { defineKeyInspect } from './keys/inspect.ts'

export function defineKey(key: Command): void {
  defineKeyGenerate(key.command('generate'))
  defineKeyInspect(key.command('inspect'))
}
