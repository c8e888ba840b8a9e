import { expect, it } from 'vitest'
import type { ImportRecord } from './format.ts'
import { type Line, readLines } from './lines.ts'
import { NDJSON_FORMAT } from './ndjson.ts'

async function read(...parts: (string | Uint8Array)[]): Promise<ImportRecord[]> {
  async function* chunks() {
    yield Buffer.concat(parts.map((part) => Buffer.from(part)))
  }
  const lines: Line[] = []
  for await (const chunk of readLines(chunks())) lines.push(...chunk)
  return [...NDJSON_FORMAT.begin((lines[0] as Line).bytes).read(lines)]
}

const PAGE = '{"type":"page","userId":"u1","timestamp":"2024-03-03T09:00:00Z"}'

it('a line is an event, blank, or malformed by what is wrong with it', async () => {
  const records = await read(
    `\u{feff}${PAGE}\r\n\r\n{"type":"page"\n[]\n{"batch":[${PAGE}]}\n`,
    `${PAGE.slice(0, -1)},"properties":{"a":"`,
    new Uint8Array([0xc3, 0x28]),
    `"}}\n${'x'.repeat(200_000)}\n${'['.repeat(100_000)}\n{"a":"\u0000"}\n${PAGE}`,
  )
  const outline = records.map(({ line, verdict }) => [
    line,
    verdict.kind === 'malformed' ? verdict.reason : verdict.kind,
  ])
  expect(outline).toEqual([
    [1, 'event'],
    [2, 'skipped'],
    [3, 'not JSON'],
    [4, 'not_an_object'],
    [5, 'a batch'],
    [6, 'not UTF-8'],
    [7, 'line too long'],
    [8, 'not JSON'],
    [9, 'not JSON'],
    [10, 'event'],
  ])
  expect(records.at(-1)?.isWhole).toBe(false)
})

it('ids are those of the events, or of their lines', async () => {
  const own = `${PAGE.slice(0, -1)},"messageId":"m1"}`
  const idsOf = async (text: string) =>
    (await read(text)).map(({ verdict }) => (verdict.kind === 'event' ? verdict.event.fields.messageId : ''))
  const ids = await idsOf(`${PAGE}\n${PAGE}\n${own}\n`)
  expect([new Set(ids).size, ids[2]]).toEqual([3, 'm1'])
  expect(await idsOf(`${PAGE}\r\n${PAGE}\n${own}`)).toEqual(ids)
})
