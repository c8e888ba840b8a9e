/** What is written to standard output, and what becomes of a write that fails. Knows nothing of commands. */

/** A value as `--json` prints it. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

export interface OutputOptions {
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  /** Called when something could not be written that somebody may miss; at most once a stream. */
  onFailure: () => void
}

/**
 * Listens for failed writes, which would otherwise end the process with a stack trace, at any time until it ends.
 *
 * A reader that went away (`millrace ... | head -1`) had what it wanted: nothing is said, and `onFailure` is not called. Any
 * other failure, such as a full disk, is one line on standard error.
 */
export function watchOutput({ stdout, stderr, onFailure }: OutputOptions): void {
  onFirstError(stdout, (error) => {
    stderr.write(`millrace: cannot write to standard output: ${error.message}\n`)
    onFailure()
  })
  onFirstError(stderr, onFailure)
}

function onFirstError(stream: NodeJS.WritableStream, handle: (error: NodeJS.ErrnoException) => void): void {
  let isBroken = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Every later write fails as well.
    if (isBroken) return
    isBroken = true
    if (error.code !== 'EPIPE') handle(error)
  })
}
