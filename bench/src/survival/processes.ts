/** Finds and ends processes that a browser of ours has started. */

import { readdir, readFile } from 'node:fs/promises'

/** A process as Linux lists it. */
export interface ListedProcess {
  pid: number
  parent: number
  /** Name of its main thread. */
  name: string
  /** Arguments, the program first. */
  args: string[]
}

/** All processes of this machine that may be read. Source: proc(5). */
export async function listProcesses(): Promise<ListedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(readProcess))
  return found.filter((one) => one !== undefined)
}

/** Those below one of them, children of children too. */
export function selectDescendants(all: readonly ListedProcess[], pid: number): ListedProcess[] {
  const children = all.filter(({ parent }) => parent === pid)
  return children.flatMap((child) => [child, ...selectDescendants(all, child.pid)])
}

/** Ends them at once; one that has ended by itself is fine. */
export function killAll(processes: readonly { pid: number }[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went with the one before it.
    }
  }
}

async function readProcess(pid: string): Promise<ListedProcess | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    // The name is in parentheses and may hold some itself; what follows the last one has no spaces inside.
    const end = stat.lastIndexOf(')')
    const [, parent] = stat.slice(end + 2).split(' ')
    const name = stat.slice(stat.indexOf('(') + 1, end)
    return { pid: Number(pid), parent: Number(parent), name, args: command.split('\0') }
  } catch {
    return undefined // It has ended since it was listed.
  }
}
