import { once } from 'node:events'
import { getHeapSnapshot } from 'node:v8'
import { leases } from '../src/leases.ts'
import { createVerifier } from '../src/verifier.ts'

// A process of its own: verifies a secret with leases, and looks for it in its own heap. It reads
// address, token, the secret, and a second one that it keeps on purpose.

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk)
const [url, token, secret, planted] = Buffer.concat(chunks).toString('latin1').split('\n').map(copy)
chunks.length = 0

/** Bytes outside of the heap. */
function copy(line: string): Buffer {
  return Buffer.from(line.split('').join(''), 'latin1')
}

let requests = 0
const count: typeof fetch = (...given) => {
  requests += 1
  return fetch(...given)
}
const { verify } = createVerifier({
  baseUrl: `${url}`,
  token: `${token}`,
  precheck: 'off',
  lease: leases(),
  fetch: count,
})
const kept = planted?.toString('latin1')
const code = await ask()
await ask()

async function ask(): Promise<string> {
  return (await verify(`${secret}`)).code
}
// The engine remembers the last text that a pattern was tried on.
;/another/.test('another text')
for (let round = 0; round < 3; round += 1) {
  await new Promise((resolve) => setTimeout(resolve, 10))
  globalThis.gc?.()
}
const snapshot = getHeapSnapshot()
const parts: Buffer[] = []
snapshot.on('data', (part) => parts.push(Buffer.from(part)))
await once(snapshot, 'end')
const heap = Buffer.concat(parts)
const found = [secret, planted].map((bytes) => bytes !== undefined && heap.includes(bytes))
process.stdout.write(JSON.stringify({ code, isLeased: requests === 1, found }))
if (kept === undefined) process.exitCode = 1
