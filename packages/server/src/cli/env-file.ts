import { EXIT, StartRefused } from '../exit.ts'

/** Adds the settings of a file; what the environment has already wins. */
export function loadEnvFile(file: string | undefined): void {
  if (file === undefined) return
  try {
    process.loadEnvFile(file)
  } catch (error) {
    throw new StartRefused(EXIT.settings, `The env file ${file} cannot be read.`, { cause: error })
  }
}
