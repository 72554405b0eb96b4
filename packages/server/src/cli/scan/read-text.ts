/** As git does: a file with a zero byte near its start is not text. */
const LOOKED_AT_BYTES = 8000

/** The text of a file in pieces; null when it is binary. */
export async function readText(
  chunks: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<string> | null> {
  const rest = chunks[Symbol.asyncIterator]()
  const { value: first = new Uint8Array() } = await rest.next()
  const encoding = encodingOf(first)
  if (encoding !== null) return decode(first, rest, new TextDecoder(encoding))
  await rest.return?.()
  return null
}

/** Windows writes UTF-16 with a mark in front, full of zero bytes. */
function encodingOf(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes.subarray(0, LOOKED_AT_BYTES).includes(0) ? null : 'utf-8'
}

async function* decode(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  decoder: TextDecoder,
): AsyncGenerator<string> {
  yield decoder.decode(first, { stream: true })
  for (;;) {
    const { done, value } = await rest.next()
    if (done) break
    yield decoder.decode(value, { stream: true })
  }
  yield decoder.decode()
}
