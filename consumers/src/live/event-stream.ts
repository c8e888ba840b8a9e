/** Server-sent events for those who prefer them to a WebSocket: a stream that says when it is full. */

import type { LiveMessage } from '@millrace/schemas/live'
import type { Outlet, Watcher } from './watchers.ts'

/** Messages that may wait in the stream. */
const HIGH_WATER_MARK = 2

/** How often an idle stream says something, so that nobody between cuts it. */
const BEAT_MS = 15_000

/**
 * A stream and its outlet. What is sent counts as taken when the stream has room again.
 *
 * @param onEnd is called once when nobody reads any more
 */
export function createEventStream(onEnd: () => void): {
  body: ReadableStream<Uint8Array>
  outlet: Outlet
  /** Gives the watcher that the outlet is of. */
  onAdded: (watcher: Watcher) => void
} {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let watcher: Watcher | undefined
  let version: string | undefined
  let beat: ReturnType<typeof setInterval> | null = null

  const end = () => {
    clearInterval(beat)
    controller = undefined
    onEnd()
  }
  const write = (text: string) => {
    try {
      controller?.enqueue(encoder.encode(text))
    } catch {
      // Closed from the other side.
      end()
    }
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started
        beat = setInterval(() => write(': still here\n\n'), BEAT_MS)
      },
      pull() {
        if (version !== undefined) watcher?.acknowledge(version)
      },
      cancel: end,
    },
    { highWaterMark: HIGH_WATER_MARK },
  )
  const outlet: Outlet = {
    send(message: LiveMessage) {
      const { type, ...data } = message
      version = 'version' in message ? message.version : undefined
      const id = version === undefined ? '' : `id: ${version}\n`
      write(`event: ${type}\n${id}data: ${JSON.stringify(data)}\n\n`)
      if ((controller?.desiredSize ?? 0) > 0 && version !== undefined) watcher?.acknowledge(version)
    },
    close() {
      const open = controller
      end()
      open?.close()
    },
  }
  return {
    body,
    outlet,
    onAdded(added) {
      watcher = added
      if (version !== undefined) watcher.acknowledge(version)
    },
  }
}
