/** Messages that say themselves what their consumer is to do with them, at each attempt. */

/** What is done with a message at one attempt; `throw` lets the handler throw when it has seen the whole batch. */
export type Act = 'ack' | 'retry' | 'retry in 2 s' | 'throw' | 'nothing'

/** Body of a message, as JSON. */
export interface Order {
  name: string
  /** Of the n-th attempt; of later ones the last. */
  attempts: Act[][]
}

/** A message as both sides have it. */
export interface ScriptMessage {
  body: unknown
  attempts: number
  ack: () => void
  retry: (options?: { delaySeconds: number }) => void
}

/** One line a delivery. */
export interface Delivered {
  name: string
  attempt: number
  atMs: number
}

/** Does what the messages say, and notes it. */
export function handle(messages: readonly ScriptMessage[], log: Delivered[], nowMs: number): void {
  let isThrown = false
  for (const message of messages) {
    const { name, attempts } = JSON.parse(String(message.body)) as Order
    log.push({ name, attempt: message.attempts, atMs: nowMs })
    for (const act of attempts[Math.min(message.attempts, attempts.length) - 1] ?? []) {
      if (act === 'ack') message.ack()
      if (act === 'retry') message.retry()
      if (act === 'retry in 2 s') message.retry({ delaySeconds: 2 })
      if (act === 'throw') isThrown = true
    }
  }
  if (isThrown) throw new Error('as the message says')
}

/** Batches that are sent one after the other, each when the one before has come to rest. */
export const QUEUE_SCRIPTS: Record<string, Act[][][]> = {
  'the first of ack and retry wins: ack': [[['ack', 'retry']]],
  'the first of ack and retry wins: retry': [[['retry', 'ack'], ['ack']]],
  'a handler that returns acknowledges what it left alone': [[['nothing']]],
  'a message that is retried comes again with one attempt more, the others do not': [
    [['retry'], ['ack']],
    [['nothing']],
  ],
  'a retry with a delay comes after it': [[['retry in 2 s'], ['ack']]],
  'a handler that throws has all again that it did not settle': [[['throw'], ['ack']], [['nothing']]],
  'what was tried too often goes to the dead letters': [[['retry']]],
}

/** Retries of the queue of these scripts before a message is dead. */
export const MAX_RETRIES = 2
