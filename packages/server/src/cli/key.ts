import type { Command } from 'commander'
import { defineKeyCreate } from './keys/create.ts'
import { defineKeyGenerate } from './keys/generate.ts'
import { defineKeyGet } from './keys/get.ts'
import { defineKeyImport } from './keys/import.ts'
import { defineKeyInspect } from './keys/inspect.ts'
import { defineKeyList } from './keys/list.ts'
import { defineKeyRevoke } from './keys/revoke.ts'
import { defineKeyRotate } from './keys/rotate.ts'
import { defineKeyDisable, defineKeyEnable } from './keys/set-enabled.ts'
import { defineKeySetUsed } from './keys/set-used.ts'
import { defineKeyUpdate } from './keys/update.ts'
import { defineKeyUsage } from './keys/usage.ts'
import { defineKeyVerify } from './keys/verify.ts'

export function defineKey(key: Command): void {
  defineKeyCreate(key.command('create'))
  defineKeyList(key.command('list'))
  defineKeyGet(key.command('get'))
  defineKeyUpdate(key.command('update'))
  defineKeyRotate(key.command('rotate'))
  defineKeyDisable(key.command('disable'))
  defineKeyEnable(key.command('enable'))
  defineKeyRevoke(key.command('revoke'))
  defineKeyVerify(key.command('verify'))
  defineKeyUsage(key.command('usage'))
  defineKeySetUsed(key.command('set-used'))
  defineKeyImport(key.command('import'))
  defineKeyInspect(key.command('inspect'))
  defineKeyGenerate(key.command('generate'))
}
