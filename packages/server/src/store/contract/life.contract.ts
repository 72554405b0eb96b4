import { generateId } from '@keysmith/key-format'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StorageUnavailable } from '../key-store.ts'
import { addKey, addProject } from './_actions.ts'
import type { Empty, Open } from './_opened.ts'
import { keyFilter, someKey, someProject } from './_records.ts'

export function lifeContract(open: Open, _empty: Empty): void {
  describe('life of the store', () => {
    test('what was written is there after reopening, under the same instance id', async () => {
      const { store, reopen, cleanUp } = await open()
      onTestFinished(cleanUp)
      const project = someProject()
      await addProject(store, project)
      const keys = Array.from({ length: 300 }, () => someKey(project))
      const queued = Promise.all(keys.map((key) => addKey(store, key)))
      await store.close()
      expect(new Set(await queued)).toEqual(new Set(['ok']))
      const again = await reopen()
      expect(again.instanceId).toBe(store.instanceId)
      expect(await again.listKeys(keyFilter())).toHaveLength(300)
      await again.close()
    })

    test('a closed store answers nothing: it rejects with StorageUnavailable', async () => {
      const { store, cleanUp } = await open()
      onTestFinished(cleanUp)
      await store.ping()
      await store.close()
      await expect(store.ping()).rejects.toThrow(StorageUnavailable)
      await expect(store.getKey(generateId(), null)).rejects.toThrow(StorageUnavailable)
      await expect(addProject(store, someProject())).rejects.toThrow(StorageUnavailable)
    })
  })
}
