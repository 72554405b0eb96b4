import { generateKey } from '@keysmith/key-format'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function logInto(format: 'json' | 'text') {
  const lines: string[] = []
  const log = createLog(
    { logLevel: 'trace', logFormat: format },
    { write: (line) => lines.push(line) },
  )
  return { log, lines }
}

const { secret } = generateKey({ brand: 'ks', kind: 'live' })
const randomPart = secret.slice(-49)

test.each(['json', 'text'] as const)(
  'no secret leaves the log as %s, whatever holds it',
  (format) => {
    const { log, lines } = logInto(format)
    log.info(`got ${secret}`)
    log.info({ name: secret, nested: { deep: [secret, { deeper: secret }] } }, 'fields')
    log.info({ secret: 'a foreign secret', req: { headers: { authorization: 'Bearer foreign' } } })
    log.error({ err: new Error(`outer ${secret}`, { cause: new Error(secret) }) }, 'failed')
    log.warn({ body: Buffer.from(secret), deep: { bytes: new TextEncoder().encode(secret) } })
    const output = lines.join('')
    expect(lines).toHaveLength(5)
    expect(output).not.toContain(randomPart.slice(0, 20))
    expect(output).not.toContain('foreign')
    expect(output).not.toContain([...Buffer.from(randomPart.slice(0, 8))].join(','))
    expect(output).toContain(`${secret.slice(0, -49)}****`)
  },
)

test('a JSON line has the time, the level as a word, and the message', () => {
  const { log, lines } = logInto('json')
  log.info({ reqId: 'a-1' }, 'request')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    reqId: 'a-1',
    msg: 'request',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  })
})

test('a text line is one readable line, with the stack of an error below it', () => {
  const { log, lines } = logInto('text')
  log.warn({ route: '/v1/keys', ms: 3 }, 'slow')
  log.error({ err: new Error('broken') }, 'failed')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}slow route=\/v1\/keys ms=3\n$/)
  expect(lines[1]).toMatch(/error failed\nError: broken\n +at /)
})
