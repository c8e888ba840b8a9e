/** Requests that production code makes by the global `fetch`: those of the live objects to ClickHouse, as rows of JSON. */

import type { Row } from '@millrace/schemas/native'
import type { SimProcess } from './world.ts'

/** Takes the rows of one insert of a process. */
export type TakeRows = (rows: Row[], table: string, process: SimProcess) => Promise<void>

/** A `fetch` for all, and bindings by which it knows whose request it is: the name of the host says so. */
export function routeFetch(take: TakeRows): {
  fetch: typeof fetch
  envFor: (process: SimProcess) => object
} {
  const processes = new Map<string, SimProcess>()
  return {
    envFor(process) {
      const host = `process-${processes.size + 1}.sim`
      processes.set(host, process)
      return {
        CLICKHOUSE_URL: `http://${host}`,
        CLICKHOUSE_USER: 'default',
        CLICKHOUSE_PASSWORD: '',
        CLICKHOUSE_DATABASE: 'millrace',
      }
    },
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : String(input))
      const process = processes.get(url.host)
      if (process === undefined) throw new TypeError(`nothing is at ${url.host}`)
      const [, table = ''] = /INSERT INTO (\S+)/i.exec(url.searchParams.get('query') ?? '') ?? []
      const text = await new Response(init?.body ?? null).text()
      const rows = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as Row]))
      try {
        await take(rows, table.replace(/[`"]|^millrace\./g, ''), process)
        return new Response('', { status: 200 })
      } catch (error) {
        const { code } = error as { code?: string }
        if (code === undefined) throw error
        const text = `Code: ${code}. DB::Exception: simulated (SIMULATED) (version 26.7)`
        return new Response(text, { status: 500, headers: { 'X-ClickHouse-Exception-Code': code } })
      }
    },
  }
}
