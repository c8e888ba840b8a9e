/** Has the collector send dead letters to all sinks again, a hundred at a time. It may be run as often as one likes. */

import { type AskOperator, Interrupted, OperatorFailure } from '../operator-routes.ts'

/** Most letters of one request. Source: the collector's route. */
const MAX_KEYS = 100

/** Options of {@link replayLetters}. */
export interface ReplayOptions {
  ask: AskOperator
  keys: readonly string[]
  /** Called after each request with the letters that were answered so far. */
  onProgress: (answered: number) => void
}

/** What became of the letters. Without `stopped`, `chosen` is the sum of the other three. */
export interface ReplayBooks {
  chosen: number
  /** On their way to all sinks. */
  replayed: number
  /** Not there any more, or not of this source. */
  gone: number
  /** Why they failed, to how many. */
  failed: Record<string, number>
  /** Absent when all were answered. */
  stopped?: { reason: 'interrupted' | 'failed'; message: string }
}

interface Result {
  status: string
  error?: string
}

/** Replays and resolves with the books, whatever happened on the way. */
export async function replayLetters({ ask, keys, onProgress }: ReplayOptions): Promise<ReplayBooks> {
  const books: ReplayBooks = { chosen: keys.length, replayed: 0, gone: 0, failed: {} }
  try {
    for (let start = 0; start < keys.length; start += MAX_KEYS) {
      const few = keys.slice(start, start + MAX_KEYS)
      const { results } = await ask({ method: 'POST', path: '/v1/dead/replay', body: { keys: few } })
      if (!Array.isArray(results)) throw new OperatorFailure('the collector tells nothing of the letters')
      add(books, results as Result[])
      onProgress(start + few.length)
      const hasMore = start + few.length < keys.length
      // The next ones would each wait for the same queue that does not answer.
      const [failure] = (results as Result[]).every(({ status }) => status === 'failed') ? results : []
      if (hasMore && failure !== undefined)
        throw new OperatorFailure((failure as Result).error ?? 'none went')
    }
  } catch (error) {
    books.stopped = explain(error)
  }
  return books
}

function add(books: ReplayBooks, results: readonly Result[]): void {
  for (const { status, error = 'for no reason that is told' } of results) {
    if (status === 'replayed') books.replayed++
    else if (status === 'not_found') books.gone++
    else books.failed[error] = (books.failed[error] ?? 0) + 1
  }
}

function explain(error: unknown): ReplayBooks['stopped'] & object {
  if (error instanceof Interrupted) return { reason: 'interrupted', message: 'interrupted' }
  if (error instanceof OperatorFailure) return { reason: 'failed', message: error.message }
  throw error
}
