import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { tempFolder } from '../../test/_service.ts'
import { askService } from './ask-service.ts'

test('a service that hangs is given up with one line', async () => {
  const dataDir = tempFolder()
  const hanging = createServer()
  onTestFinished(() => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
    hanging.close()
    rmSync(dataDir, { recursive: true })
  })
  await once(hanging.listen(join(dataDir, 'control.sock')), 'listening')
  vi.stubEnv('KEYSMITH_DATA_DIR', dataDir)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const answer = askService({ method: 'GET', path: '/v1/tokens' }).catch((error: Error) => error)
  await once(hanging, 'connection')
  vi.advanceTimersByTime(60_000)
  expect(await answer).toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/^The service of this data folder does not answer \(/),
  })
})
