/**
 * Reads a stream of server-sent events as it arrives, cut anywhere. Source: WHATWG HTML, "Interpreting an event stream". When
 * to connect again is the caller's business, so the field `retry` is passed over. Knows not what events mean.
 */

/** One event. */
export interface ServerSentEvent {
  /** `message` where the stream does not say. */
  type: string
  /** Its lines, with a newline between. */
  data: string
  /** The last `id` so far, also of an event before; empty where there was none. */
  lastEventId: string
}

/** Longest event, in UTF-16 units. A message of Millrace is a few megabytes at most. */
const MAX_LENGTH = 32 * 1024 * 1024

/**
 * What reads one stream from its beginning; an event that is not complete at its end is none.
 *
 * @returns takes the next bytes and gives the events that end in them
 * @throws RangeError when an event is longer than any of Millrace is
 */
export function createEventStreamParser(): (bytes: Uint8Array) => ServerSentEvent[] {
  // A byte order mark at the beginning is left out, and a character that was cut waits for its rest.
  const decoder = new TextDecoder()
  let rest = ''
  let isAfterReturn = false
  let type = ''
  let data: string[] = []
  let length = 0
  let lastEventId = ''

  const takeField = (line: string): void => {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') type = value
    else if (name === 'data') data.push(value)
    else if (name === 'id' && !value.includes('\0')) lastEventId = value
  }
  const takeEvent = (): ServerSentEvent[] => {
    const event = { type: type || 'message', data: data.join('\n'), lastEventId }
    const isEmpty = data.length === 0
    type = ''
    data = []
    length = 0
    return isEmpty ? [] : [event]
  }
  return (bytes) => {
    let text = decoder.decode(bytes, { stream: true })
    if (text === '') return []
    // The newline of a CR LF that was cut between them ended its line already.
    if (isAfterReturn && text.startsWith('\n')) text = text.slice(1)
    isAfterReturn = text === '' ? false : text.endsWith('\r')
    length += text.length
    if (length > MAX_LENGTH) throw new RangeError(`an event is longer than ${MAX_LENGTH} characters`)
    const lines = text.split(/\r\n|\r|\n/)
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    return lines.flatMap((line) => {
      if (line === '') return takeEvent()
      takeField(line)
      return []
    })
  }
}
