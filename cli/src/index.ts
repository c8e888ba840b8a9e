/** Entry of the command `millrace`: connects the program to the process, its streams and its signals. */

import { watchOutput } from './output.ts'
import { runProgram } from './program.ts'

/**
 * Milliseconds in which a second signal is the same one: a terminal sends it to the whole process group, and a parent such
 * as npm or the launcher passes it on once more.
 */
const SAME_SIGNAL_MS = 500

/** Exit code when the report could not be written. */
const EXIT_UNWRITTEN = 1

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

// The last when the terminal is closed: what is begun is ended in order then too, and nothing stays behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt)

// A failed write is told later than it is made, so it may come before or after the program's own end.
let isOutputLost = false
watchOutput({
  stdout: process.stdout,
  stderr: process.stderr,
  onFailure() {
    isOutputLost = true
    process.exitCode = EXIT_UNWRITTEN
  },
})

const exitCode = await runProgram({
  args: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
})
process.exitCode = isOutputLost ? EXIT_UNWRITTEN : exitCode
