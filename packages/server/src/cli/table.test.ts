import { expect, onTestFinished, test, vi } from 'vitest'
import { printTable } from './table.ts'

test('a table may have any number of rows', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  printTable(Array.from({ length: 200_000 }, (_, row) => [String(row), 'x']))
  expect(write.mock.lastCall).toEqual(['199999  x\n'])
})
