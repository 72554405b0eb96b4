/**
 * passport-headerapikey on Express and a table of its own. The secret comes in a header, as the strategy wants it,
 * and is found by its SHA-256.
 *
 *   node passport.ts PORT FOLDER
 */
import { hash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import passport from 'passport'
import { HeaderAPIKeyStrategy } from 'passport-headerapikey'
import { FACTS, isGood, type KeyRow, openKeyTable, presentRow } from './key-table.ts'

const [, , port, folder = '.'] = process.argv
const table = openKeyTable(folder, 'NORMAL')
const secret = `ks_${randomBytes(32).toString('hex')}`
table.insert({ ...FACTS, id: hash('sha256', secret), hash: '' })
writeFileSync(join(folder, 'secret'), secret)

passport.use(
  new HeaderAPIKeyStrategy(
    { header: 'x-api-key', prefix: '' },
    false,
    (presented: string, done: (error: Error | null, row?: KeyRow | false) => void) => {
      const row = table.find(hash('sha256', presented))
      done(null, row && isGood(row, Date.now()) ? row : false)
    },
  ),
)
const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.use(express.json())
app.use(passport.initialize())
app.post(
  '/verify',
  passport.authenticate('headerapikey', { session: false }),
  (request, answer) => {
    answer.json(presentRow(request.user as KeyRow))
  },
)
app.listen(Number(port), '127.0.0.1')
