import { mkdirSync } from 'node:fs'
import { EXIT, StartRefused } from './exit.ts'

/** Makes the data folder, readable by its owner only. */
export function ensureDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartRefused(
      EXIT.storage,
      `The data folder ${folder} cannot be made. Give this user write access to its parent, or set KEYSMITH_DATA_DIR.`,
      { cause: error },
    )
  }
}
