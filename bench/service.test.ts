import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AS_NPM_START } from './service.ts'

test('the service is measured as npm start runs it', () => {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  expect(scripts.start).toContain(`node ${AS_NPM_START.join(' ')} packages/server/dist/`)
})
