import { expect, test } from 'vitest'
import { ApiError } from '../errors.ts'
import { Gate } from './gate.ts'

/** A task that ends when it is told to. */
function heldTask() {
  const { promise, resolve } = Promise.withResolvers<string>()
  let started = false
  const run = () => {
    started = true
    return promise
  }
  return { run, end: resolve, isRunning: () => started }
}

test('so many run, so many wait, the next is refused, and a place that is left is taken', async () => {
  const gate = new Gate({ running: 2, waiting: 3 })
  const tasks = Array.from({ length: 5 }, heldTask)
  const results = tasks.map((task) => gate.run(task.run))
  await Promise.resolve()
  expect(tasks.map((task) => task.isRunning())).toEqual([true, true, false, false, false])
  const refused = await gate.run(heldTask().run).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(ApiError)
  expect(refused).toMatchObject({ code: 'overloaded', status: 503, retryAfterSeconds: 1 })

  tasks[1]?.end('second')
  expect(await results[1]).toBe('second')
  const late = gate.run(async () => 'late')
  for (const task of tasks) task.end('done')
  expect(await Promise.all([...results, late])).toEqual([
    'done',
    'second',
    'done',
    'done',
    'done',
    'late',
  ])
})

test('a task that fails gives its place back', async () => {
  const gate = new Gate({ running: 1, waiting: 0 })
  const fail = () => Promise.reject(new Error('broken'))
  await expect(gate.run(fail)).rejects.toThrow('broken')
  await expect(gate.run(fail)).rejects.toThrow('broken')
  expect(await gate.run(async () => 'fine')).toBe('fine')
})
