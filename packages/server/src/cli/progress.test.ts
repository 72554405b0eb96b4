import { expect, test } from 'vitest'
import { withProgress } from './progress.ts'

const CLEAR = '\r\u001b[2K'

async function record(isTTY: boolean, work: Parameters<typeof withProgress>[0]) {
  const written: string[] = []
  let time = 0
  const write = (text: unknown) => written.push(String(text)) > 0
  // Each look at the clock is 150 ms later than the one before.
  const screen = { stream: { isTTY, write }, now: () => (time += 150) }
  await withProgress(work, screen).catch(() => {})
  return written
}

test('long work shows one line that changes, and leaves none behind', async () => {
  const written = await record(true, async ({ show }) => {
    for (const text of ['too soon', 'still too soon', 'one', 'two']) show(text)
  })
  expect(written).toEqual([`${CLEAR}one`, `${CLEAR}two`, CLEAR])
})

test('the line makes room for others, and goes when the work fails', async () => {
  const written = await record(true, async ({ show, hide }) => {
    for (const text of ['-', '-', 'one']) show(text)
    hide()
    hide()
    show('two')
    throw new Error('broken')
  })
  expect(written).toEqual([`${CLEAR}one`, CLEAR, `${CLEAR}two`, CLEAR])
})

test('nothing is shown where nobody watches', async () => {
  expect(
    await record(false, async ({ show }) => {
      for (const text of ['-', '-', 'one', 'two']) show(text)
    }),
  ).toEqual([])
})
