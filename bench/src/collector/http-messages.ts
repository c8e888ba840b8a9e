/** Cuts a stream of HTTP/1.1 messages with `Content-Length` into messages: all of HTTP that the load and the sink need. */

const HEAD_END = '\r\n\r\n'

const NOTHING = Buffer.alloc(0)

/** Takes one message: its head without the empty line, and its body, which is empty when bodies are skipped. */
export type OnMessage = (head: string, body: Buffer) => void

/**
 * A function to give the chunks of one connection to; it calls `onMessage` for each message once all of it has arrived.
 *
 * @param bodies whether they are kept for `onMessage` or skipped
 * @throws {Error} from that function, for a message that does not say its length
 */
export function createMessageReader(bodies: 'keep' | 'skip', onMessage: OnMessage): (chunk: Buffer) => void {
  let unread = NOTHING
  let head: string | undefined
  let parts: Buffer[] = []
  let missing = 0
  return (chunk) => {
    let rest: Buffer = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    unread = NOTHING
    for (;;) {
      if (head === undefined) {
        const end = rest.indexOf(HEAD_END)
        if (end === -1) {
          unread = Buffer.from(rest)
          return
        }
        head = rest.toString('latin1', 0, end)
        missing = readContentLength(head)
        rest = rest.subarray(end + HEAD_END.length)
      }
      const part = rest.subarray(0, missing)
      missing -= part.length
      if (bodies === 'keep') parts.push(part)
      if (missing > 0) return
      rest = rest.subarray(part.length)
      const complete = head
      const body = Buffer.concat(parts)
      head = undefined
      parts = []
      onMessage(complete, body)
    }
  }
}

function readContentLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`a message without Content-Length: ${head.slice(0, 300)}`)
  return Number(length)
}
