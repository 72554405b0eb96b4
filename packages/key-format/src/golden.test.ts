import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import golden from './golden.json' with { type: 'json' }
import { parseKey } from './index.ts'

// Each release adds the secrets it minted; none is ever changed or removed.
test.each(golden)('a $kind secret minted by version $version reads for ever', (fixture) => {
  const { brand, kind, id, secret } = fixture
  expect(parseKey(secret)).toEqual({
    ok: true,
    brand,
    kind,
    version: 1,
    id,
    public: `${brand}_${kind}_1${id}`,
  })
  expect(createHash('sha256').update(secret).digest('hex')).toBe(fixture.sha256)
})
