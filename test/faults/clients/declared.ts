/** What requests say that their client dropped, read off the wire. */

import { gunzipSync } from 'node:zlib'
import type { DeclaredDrops, World } from '../world/world.ts'

/** Listens to the requests of one client. */
export interface DropListener {
  /** Grows as it sends. */
  drops: DeclaredDrops
  /** A network that is listened to. */
  listen: (fetchFor: World['fetchFor']) => World['fetchFor']
}

interface WireEvent {
  context?: { dropped?: Record<string, number> }
}

/** Nothing was heard yet. */
export function listenForDrops(): DropListener {
  const sent = new Map<string, number>()
  const acknowledged = new Set<string>()
  return {
    drops: { sent, acknowledged },
    listen: (fetchFor) => (process, address) => {
      const send = fetchFor(process, address)
      return async (input, init) => {
        const found = readDrops(init?.body)
        for (const [key, count] of found) sent.set(key, count)
        const response = await send(input, init)
        if (response.ok) for (const [key] of found) acknowledged.add(key)
        return response
      }
    },
  }
}

/** `<messageId> <reason>` and how many. */
function readDrops(body: RequestInit['body']): [key: string, count: number][] {
  const text = textOf(body)
  if (!text.includes('"dropped"')) return []
  const { stream, firstSeq, batch } = JSON.parse(text) as {
    stream: string
    firstSeq: number
    batch: WireEvent[]
  }
  return batch.flatMap(({ context }, index) =>
    Object.entries(context?.dropped ?? {}).map(([reason, count]): [string, number] => [
      `${stream}-${firstSeq + index} ${reason}`,
      count,
    ]),
  )
}

function textOf(body: RequestInit['body']): string {
  if (typeof body === 'string') return body
  if (!(body instanceof ArrayBuffer) && !ArrayBuffer.isView(body)) return ''
  const bytes = ArrayBuffer.isView(body)
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    : Buffer.from(body)
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()
}
