/** Listens to the SDK in one page and writes down what it says of each event. */

import type { Millrace } from '../../../../sdk-web/src/api.ts'
import type { ClientBooks, ClientEvent } from '../books.ts'

/** What is written down of one page. */
export interface PageBooks {
  /** Makes a call that records an event. */
  call(make: (mark: string) => void): ClientEvent
  /** The SDK begins to remove the batch with this key. */
  noteDiscard(key: string): void
  /** The page is dead: what was in its memory alone is lost. */
  end(): void
  /** Whether each of the page's events has come to an end. */
  isSettled(): boolean
}

/** What of a numbered event is looked at. */
interface Numbered {
  messageId?: string
  properties?: object
  traits?: object
}

/** Statuses that are an acknowledgement. */
const isGood = (status: number) => status >= 200 && status < 300

/**
 * Listens.
 *
 * @param onAcknowledged told each event as it is acknowledged for the first time
 */
export function listenToPage(
  client: Millrace,
  books: ClientBooks,
  onAcknowledged: (event: ClientEvent) => void,
): PageBooks {
  const own = new Set<ClientEvent>()
  /** Not numbered yet, in the order of the calls. */
  const waiting: ClientEvent[] = []
  let calling: ClientEvent | undefined
  let discarded = ''

  const settle = (event: ClientEvent, fate: 'acknowledged' | 'dropped', reason?: string) => {
    if (fate === 'acknowledged' && event.fate !== 'acknowledged') onAcknowledged(event)
    books.settle(event, fate, reason)
    own.delete(event)
  }

  client.on('event', (numbered) => {
    const { messageId = '', properties, traits } = numbered as Numbered
    const mark = ((properties ?? traits) as { mark?: string } | undefined)?.mark ?? ''
    const index = waiting.findIndex((event) => event.mark === mark)
    const [event] = index < 0 ? [] : waiting.splice(index, 1)
    if (event === undefined) throw new Error(`an event that nobody made has a number: ${messageId} ${mark}`)
    const [stream = '', seq] = messageId.split('-')
    books.number(event, stream, Number(seq))
  })
  client.on('batch', ({ id, events: count, status }) => {
    if (!isGood(status)) return
    for (const event of eventsOf(books, id.replace('.', '-'), count)) settle(event, 'acknowledged')
  })
  client.on('dropped', (reason, count) => {
    if (reason === 'refused' || reason === 'expired') {
      for (const event of eventsOf(books, discarded, count)) settle(event, 'dropped', reason)
    } else if (calling !== undefined) {
      settle(calling, 'dropped', reason)
      waiting.splice(waiting.indexOf(calling), 1)
    } else {
      // Given up as it was to get its number: those have their turn in the order of the calls.
      for (const event of waiting.splice(0, count)) settle(event, 'dropped', reason)
    }
  })

  return {
    call(make) {
      calling = books.take()
      own.add(calling)
      waiting.push(calling)
      const event = calling
      make(event.mark)
      calling = undefined
      return event
    },
    noteDiscard(key) {
      discarded = key
    },
    end() {
      for (const event of own) if (!event.isSaved) books.settle(event, 'lost')
      own.clear()
    },
    isSettled: () => own.size === 0,
  }
}

/** The events of a batch by its key `<stream>-<number of the first>`. */
export function eventsOf(books: ClientBooks, key: string, count: number): ClientEvent[] {
  const [stream = '', first] = key.split('-')
  return Array.from({ length: count }, (_, index) => books.find(stream, Number(first) + index)).flatMap(
    (event) => event ?? [],
  )
}
