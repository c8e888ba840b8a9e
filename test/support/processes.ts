/** The processes that a command has started, and theirs. Needs `ps`. */

import { execFileSync } from 'node:child_process'

/** A process as `ps` shows it. */
export interface ListedProcess {
  pid: number
  /** Its command line. */
  command: string
}

/** All processes below one, in no order that matters. */
export function listDescendants(pid: number): ListedProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const all = lines.flatMap((line) => {
    const [, id, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return command === undefined ? [] : [{ pid: Number(id), parent: Number(parent), command }]
  })
  const below = (parent: number): ListedProcess[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
  return below(pid)
}
