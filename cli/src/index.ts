/** Entry of the command `millrace`: connects the program to the process, its streams and its signals. */

import { runProgram } from './program.ts'

/**
 * Milliseconds in which a second signal is the same one: a terminal sends it to the whole process group, and a parent such
 * as npm or the launcher passes it on once more.
 */
const SAME_SIGNAL_MS = 500

const interruption = new AbortController()
let interruptedAt = 0

function interrupt(): void {
  const now = performance.now()
  if (!interruption.signal.aborted) {
    interruptedAt = now
    interruption.abort()
  } else if (now - interruptedAt > SAME_SIGNAL_MS) {
    // Someone insists.
    process.exit(130)
  }
}

process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

process.exitCode = await runProgram({
  args: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
})
