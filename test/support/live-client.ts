/** Watches a source live, as a dashboard does: a WebSocket that acknowledges, and the windows as they are now. */

import {
  type ChangeMessage,
  LIVE_PROTOCOL,
  type LiveMessage,
  type LiveWindow,
  type SnapshotMessage,
  TOKEN_PROTOCOL_PREFIX,
} from '@millrace/schemas/live'

/** One who watches. */
export interface LiveClient {
  /** Messages so far, and when each came. */
  messages: { at: number; message: LiveMessage }[]
  /** Windows by name and start, as the last message that had them said. */
  windows: Map<string, LiveWindow>
  /** Version of the last message. */
  version: () => string
  /** Sends a message. */
  say: (message: object) => void
  isOpen: () => boolean
  /** Resolves with the code when the connection is closed. */
  closed: Promise<number>
  close: () => void
}

/** Options of {@link watchLive}. */
export interface LiveClientOptions {
  token?: string
  /** Default: everything. */
  search?: string
  /** Whether it takes what it gets. Default true. */
  acknowledges?: boolean
}

/** The subprotocols that a page offers. */
export function liveProtocols(token: string): string[] {
  const encoded = btoa(token).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  return [LIVE_PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${encoded}`]
}

/**
 * Opens a connection; resolves when it is open.
 *
 * @throws Error when it is refused
 */
export async function watchLive(
  url: string,
  { token = 'dev-read', search = '', acknowledges = true }: LiveClientOptions = {},
): Promise<LiveClient> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/live${search}`, liveProtocols(token))
  const messages: LiveClient['messages'] = []
  const windows = new Map<string, LiveWindow>()
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<number>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as SnapshotMessage | ChangeMessage
    messages.push({ at: Date.now(), message })
    for (const window of message.windows) windows.set(`${window.name} ${window.start}`, window)
    if (acknowledges && message.version !== undefined) {
      socket.send(JSON.stringify({ type: 'ack', version: message.version }))
    }
  })
  socket.addEventListener('close', ({ code }) => onClosed(code))
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the connection was refused')))
  })
  return {
    messages,
    windows,
    version() {
      const last = messages.at(-1)?.message
      return last !== undefined && 'version' in last ? last.version : ''
    },
    say: (message) => socket.send(JSON.stringify(message)),
    isOpen: () => socket.readyState === WebSocket.OPEN,
    closed,
    close: () => socket.close(),
  }
}

/** Events of a group in all windows of a name that a client knows. */
export function countLive(windows: Iterable<LiveWindow>, name: string, key: string): number {
  let count = 0
  for (const window of windows) {
    if (window.name !== name) continue
    count += window.groups.find((group) => group.key[0] === key)?.events ?? 0
  }
  return count
}
