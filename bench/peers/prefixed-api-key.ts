/**
 * prefixed-api-key on a table of its own: the library mints, takes apart and compares, the rest is made by hand.
 * With FULL every create is a durable commit of its own.
 *
 *   node prefixed-api-key.ts PORT FOLDER NORMAL|FULL
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkAPIKey, extractShortToken, generateAPIKey } from 'prefixed-api-key'
import { FACTS, isGood, openKeyTable, presentRow } from './key-table.ts'
import { listen } from './listen.ts'

const [, , port, folder = '.', synchronous] = process.argv
const table = openKeyTable(folder, synchronous === 'FULL' ? 'FULL' : 'NORMAL')

const create = async () => {
  const { shortToken, longTokenHash, token } = await generateAPIKey({ keyPrefix: 'ks' })
  if (!shortToken || !longTokenHash || !token) throw new Error('no key was made')
  table.insert({ ...FACTS, id: shortToken, hash: longTokenHash })
  return { id: shortToken, secret: token }
}

writeFileSync(join(folder, 'secret'), (await create()).secret)
await listen(Number(port), {
  verify: (secret) => {
    const row = table.find(extractShortToken(secret) ?? '')
    if (!row || !checkAPIKey(secret, row.hash)) return { valid: false, code: 'unknown' }
    return isGood(row, Date.now()) ? presentRow(row) : { valid: false, code: 'refused' }
  },
  create,
})
