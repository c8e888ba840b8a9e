/** Asks questions of the stored events; `docs/query.md` has what there is to ask. */

/** A question: its name and fields, one given twice for a list. */
export interface Question {
  name: 'timeseries' | 'top' | 'breakdown' | 'funnel' | 'retention' | 'sessions' | 'books'
  fields: readonly (readonly [string, string])[]
}

/** A value of an answer. */
export type Cell = string | number | boolean | null

/** An answer, as far as panels read it. */
export interface Answer {
  question: { from?: string; to?: string }
  freshness: { upTo: string; lagSeconds: number } | null
  readFrom: string
  columns?: string[]
  rows?: Cell[][]
  totals?: Record<string, Cell>
  buckets?: string[]
  series?: { name: string | null; isOther?: true; total?: Cell; values: (number | null)[] }[]
}

/** Asks; resolves with the answer. Rejects with a {@link RefusedQuestion} or what `fetch` rejects with. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>

/** What the collector said instead of an answer, as a sentence. */
export class RefusedQuestion extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Asks the collector at `origin` with a read token. */
export function createAsk(origin: string, token: string, fetcher: typeof fetch): Ask {
  return async ({ name, fields }, signal) => {
    const search = new URLSearchParams(fields.map(([field, value]) => [field, value]))
    const response = await fetcher(`${origin}/v1/query/${name}?${search}`, {
      headers: { authorization: `Bearer ${token}` },
      signal,
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text) as Answer
    throw new RefusedQuestion(
      response.status,
      readMessage(text) ?? `the collector answered ${response.status}`,
    )
  }
}

/** A cell that is a number; 0 where it is none. */
export function asNumber(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : 0
}

/** A cell that is a number or unknown. */
export function asNumberOrNull(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null
}

/** The moment that a bucket begins: UTC for minutes and hours, the browser's midnight for days. */
export function bucketTime(bucket: string): number {
  return bucket.includes('T') ? Date.parse(bucket) : Date.parse(`${bucket}T00:00`)
}

function readMessage(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    // Not the collector's words.
    return undefined
  }
}
