/**
 * A folder for what must not stay: only this user may look into it, and it is gone when the process ends, by an interruption
 * too. What kills the process at once, such as SIGKILL, leaves it.
 */

import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Such a folder. */
export interface TemporaryFolder {
  /** Where a file of that name is, whether it is there or not. */
  place: (name: string) => string
  /** Writes a file that only this user may read, and gives its path. */
  write: (name: string, text: string) => Promise<string>
  /** Text of a file; empty where there is none. */
  read: (name: string) => Promise<string>
}

/** Calls `use` with a new one, and removes it in any case. */
export type WithTemporaryFolder = <T>(use: (folder: TemporaryFolder) => Promise<T>) => Promise<T>

/** In the folder of the system for such things. */
export const withTemporaryFolder: WithTemporaryFolder = async (use) => {
  // With mode 0700.
  const folder = await mkdtemp(join(tmpdir(), 'millrace-deploy-'))
  // A second interruption ends the process at once, past `finally`.
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  const place = (name: string) => join(folder, name)
  try {
    return await use({
      place,
      async write(name, text) {
        await writeFile(place(name), text, { mode: 0o600 })
        return place(name)
      },
      read: (name) => readFile(place(name), 'utf8').catch(() => ''), // nobody wrote it
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
    process.off('exit', removeAtExit)
  }
}
