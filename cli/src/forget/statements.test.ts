/** How parameters travel, and what of an error is told. */

import { describe, expect, it } from 'vitest'
import { createStatements } from './statements.ts'

describe('a statement', () => {
  it('keeps ids out of its address, and out of the log of queries', async () => {
    const requests: { url: string; body: FormData }[] = []
    const fetch = async (url: string, { body }: { body: unknown }) => {
      requests.push({ url, body: body as FormData })
      return new Response('{"a":1}\n{"a":2}\n')
    }
    const rows = await create(fetch).read('SELECT {id:String}', { id: 'secret' })
    expect(rows).toEqual([{ a: 1 }, { a: 2 }])
    expect(requests[0]?.url).not.toContain('secret')
    expect(new URL(requests[0]?.url ?? '').searchParams.get('log_queries')).toBe('0')
    expect(requests[0]?.body.get('param_id')).toBe('secret')
  })

  it('tells an error without what it quotes', async () => {
    const answer = async () =>
      new Response("Code: 62. DB::Exception: Syntax error near 'secret'", { status: 400 })
    await expect(create(answer).run('X')).rejects.toThrow(
      /^ClickHouse at http:\/\/c:8123 answers HTTP 400: Code: 62. DB::Exception: Syntax error near $/,
    )
  })
})

function create(fetch: unknown) {
  const signal = new AbortController().signal
  return createStatements({
    url: 'http://c:8123',
    user: 'u',
    password: 'p',
    database: 'd',
    fetch: fetch as never,
    signal,
  })
}
