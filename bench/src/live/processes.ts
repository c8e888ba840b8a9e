/** Processes that this one started, read from Linux's `/proc`. */

import { readdirSync, readFileSync } from 'node:fs'

/** Ids of descendants whose program is called so. */
export function childProcessIds(name: string): number[] {
  const parents = new Map<number, { parent: number; name: string }>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const program = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      parents.set(Number(entry), { parent: Number(fields[1]), name: program })
    } catch {
      // It ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent
    return parent !== undefined && (parent === process.pid || isOurs(parent))
  }
  return [...parents].filter(([pid, known]) => known.name === name && isOurs(pid)).map(([pid]) => pid)
}

/** Memory of a process that is in RAM now, MiB. */
export function readMemoryMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1]) / 1_024
}
