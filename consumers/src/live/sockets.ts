/** Hibernating WebSockets of those who watch. What they are told is the watchers' business. */

import { LIVE_PROTOCOL } from '@millrace/schemas/live'
import { parseClientMessage, readWatch } from './client-message.ts'
import type { Watch } from './rpc.ts'
import type { Outlet, Watcher, Watchers, WatchOptions } from './watchers.ts'

/** What a socket carries while the object sleeps. */
interface Attached {
  watch: Watch | null
  isEventsOnly: boolean
}

/** Codes that a close may name; 1005 to 1015 are never sent. */
const MAX_SENT_CODE = 1004
const MIN_FREE_CODE = 1016
const NORMAL_CLOSURE = 1000

const ALL: Watch = { filters: [] }

/** The sockets of one object. */
export interface Sockets {
  /** Answers a request that asks for a WebSocket. */
  accept: (request: Request, options: WatchOptions) => Response
  receive: (socket: WebSocket, message: string | ArrayBuffer) => void
  /** Answers a close of the other side. */
  close: (socket: WebSocket, code: number) => void
  forget: (socket: WebSocket) => void
}

/** Takes up the sockets that were there before the object was. */
export function createSockets(
  ctx: Pick<DurableObjectState, 'acceptWebSocket' | 'getWebSockets' | 'setWebSocketAutoResponse'>,
  watchers: Watchers,
): Sockets {
  const known = new Map<WebSocket, { outlet: Outlet; watcher: Watcher }>()

  const watch = (socket: WebSocket, options: WatchOptions): void => {
    const outlet: Outlet = {
      send: (message) => quietly(() => socket.send(JSON.stringify(message))),
      close: (code, reason) => quietly(() => socket.close(code, reason)),
    }
    const attached = socket.deserializeAttachment() as Attached | null
    known.set(socket, { outlet, watcher: watchers.add(outlet, { ...attached, ...options }) })
  }

  const forget = (socket: WebSocket): void => {
    const entry = known.get(socket)
    if (entry !== undefined) watchers.remove(entry.outlet)
    known.delete(socket)
  }

  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  for (const socket of ctx.getWebSockets()) watch(socket, { isKnown: true })

  return {
    accept(request, options) {
      const { 0: client, 1: server } = new WebSocketPair()
      ctx.acceptWebSocket(server)
      // An object that was asleep knows of a socket only what is attached to it.
      const { watch: wanted = ALL, isEventsOnly = false } = options
      server.serializeAttachment({ watch: wanted, isEventsOnly } satisfies Attached)
      watch(server, options)
      const offered = request.headers
        .get('sec-websocket-protocol')
        ?.split(',')
        .map((one) => one.trim())
      const headers: HeadersInit =
        offered?.includes(LIVE_PROTOCOL) === true ? { 'Sec-WebSocket-Protocol': LIVE_PROTOCOL } : {}
      return new Response(null, { status: 101, webSocket: client, headers })
    },
    receive(socket, message) {
      const said = parseClientMessage(message)
      const watcher = known.get(socket)?.watcher
      if ('problem' in said) {
        const answer = { type: 'error', code: 'invalid_message', message: said.problem }
        quietly(() => socket.send(JSON.stringify(answer)))
      } else if (said.type === 'ack') {
        watcher?.acknowledge(said.version)
      } else {
        const wanted = readWatch(said)
        const attached = socket.deserializeAttachment() as Attached | null
        socket.serializeAttachment({ isEventsOnly: false, ...attached, watch: wanted } satisfies Attached)
        watcher?.tail(wanted)
      }
    },
    close(socket, code) {
      forget(socket)
      // Otherwise the other side waits for the answer until it loses patience.
      const isSendable = code <= MAX_SENT_CODE || code >= MIN_FREE_CODE
      quietly(() => socket.close(isSendable ? code : NORMAL_CLOSURE))
    },
    forget,
  }
}

/** A connection that is going away takes nothing more, and is told of as closed. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // The runtime closes it; `webSocketClose` follows.
  }
}
