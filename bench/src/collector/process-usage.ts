/** What a process has used of the machine, read from Linux's `/proc`. */

import { readFileSync } from 'node:fs'

/** Clock ticks a second; fixed at 100 for programs on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Seconds of processor time, user and system, of all threads of a process, the ended ones too. Steps of 10 ms. */
export function readCpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** The same from the text of `/proc/<pid>/stat`. Source: proc_pid_stat(5), fields 14 (utime) and 15 (stime). */
export function parseCpuSeconds(stat: string): number {
  // The name in field 2 may hold spaces and brackets; the last bracket ends it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Most memory that a process has had in RAM, MiB. */
export function readPeakMemoryMiB(pid: number): number {
  return parsePeakMemoryMiB(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** The same from the text of `/proc/<pid>/status`. */
export function parsePeakMemoryMiB(status: string): number {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]
  return Number(kibibytes) / 1_024
}
