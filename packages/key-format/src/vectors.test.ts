import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { crc32, formatKey, parseKey } from './index.ts'
import vectors from './vectors.json' with { type: 'json' }

const GENERATOR = fileURLToPath(new URL('./vectors/generate.py', import.meta.url))

test('the vectors are, byte for byte, what the independent generator in Python makes', (context) => {
  const run = spawnSync('python3', ['-B', GENERATOR, '--check'], { encoding: 'utf8' })
  if (run.error && process.env.CI !== 'true') {
    const reason = `python3 does not run (${run.error.message}): vectors.json was not compared`
    process.stderr.write(`SKIPPED: ${reason}\n`)
    context.skip(reason)
  }
  expect(run.error).toBeUndefined()
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
})

test('the checksum agrees with the check value', () => {
  expect(hex(crc32(vectors.check.input))).toBe(vectors.check.crc)
})

describe('valid vectors', () => {
  test.each(vectors.valid)('$name is written and read as published', (vector) => {
    const { brand, kind, secret } = vector
    const id = fromHex(vector.idHex)
    expect(formatKey({ brand, kind, id, random: fromHex(vector.randomHex) })).toBe(secret)
    expect(hex(crc32(secret.slice(0, -6)))).toBe(vector.crc)

    const parsed = parseKey(secret)
    expect(parsed).toMatchObject({ ok: true, brand, kind, version: 1 })
    expect(parsed).toHaveProperty('public', secret.slice(0, -50))
    expect(parsed).toHaveProperty('id', secret.slice(-66, -50))
  })
})

describe('invalid vectors', () => {
  test.each(vectors.invalid)('$reason: $name', ({ input, reason }) => {
    expect(parseKey(input)).toEqual({ ok: false, reason })
  })

  test('the vectors cover every reason', () => {
    expect([...new Set(vectors.invalid.map(({ reason }) => reason))]).toEqual([
      'empty',
      'too_long',
      'shape',
      'unsupported_version',
      'not_canonical',
      'checksum',
    ])
  })
})

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
