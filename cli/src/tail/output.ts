/** Standard output of a command that writes without end: at the pace of whoever reads it. */

import { once } from 'node:events'

/** A stream, and when it is of no use any more. */
export interface PacedOutput {
  /** Resolves when there is room for more, or the output is of no use any more. */
  write: (text: string) => Promise<void>
  /** Listens no longer. */
  close: () => void
}

/**
 * Writes no more than the stream takes, so that what is not read does not pile up here.
 *
 * @param signal ends the wait for room
 * @param onGone called when nobody reads any more, or it cannot be written; what to say of it is not known here
 */
export function createPacedOutput(
  stream: NodeJS.WritableStream,
  signal: AbortSignal,
  onGone: () => void,
): PacedOutput {
  const gone = new AbortController()
  const either = AbortSignal.any([signal, gone.signal])
  const end = () => {
    gone.abort()
    onGone()
  }
  stream.on('error', end)
  stream.on('close', end)
  return {
    async write(text) {
      if (either.aborted || stream.write(text)) return
      try {
        await once(stream, 'drain', { signal: either })
      } catch {
        // Aborted or broken: nothing more is written, and the caller knows by its signal.
      }
    },
    close() {
      stream.off('error', end)
      stream.off('close', end)
    },
  }
}
