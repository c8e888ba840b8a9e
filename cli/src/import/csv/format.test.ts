import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { ImportRecord, Verdict } from '../format.ts'
import { type Line, readLines } from '../lines.ts'
import { type CsvOptions, createCsvFormat } from './format.ts'
import { EMPTY_MAPPING, parseMapping } from './mapping.ts'

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function readTable(text: string | Buffer, options: Partial<CsvOptions> = {}): Promise<ImportRecord[]> {
  const lines: Line[] = []
  for await (const chunk of readLines(chunksOf(Buffer.from(text)))) lines.push(...chunk)
  const format = createCsvFormat({ mapping: EMPTY_MAPPING, delimiter: ',', onlyMapped: false, ...options })
  const reader = format.begin((lines[0] as Line).bytes)
  return [...reader.read(lines), ...reader.end()]
}

function fieldsOf({ verdict }: { verdict: Verdict }): Record<string, unknown> {
  if (verdict.kind !== 'event') throw new Error(`no event but ${JSON.stringify(verdict)}`)
  return verdict.event.fields
}

const outlineOf = (records: ImportRecord[]) =>
  records.map(({ line, last, verdict }) => [
    line,
    last.number,
    verdict.kind === 'malformed' ? verdict.reason : verdict.kind,
  ])

describe('a table', () => {
  it('with a mapping makes events', async () => {
    const mapping = parseMapping({
      columns: {
        no: 'messageId',
        at: 'timestamp',
        who: 'userId',
        total: { to: 'properties.total', type: 'number' },
        city: 'context.location.city',
        note: null,
      },
      constants: { event: 'Order Completed', 'properties.currency': 'EUR' },
    })
    const [record] = await readTable('no,at,who,total,city,note,extra\nA1,2024-03-03,u1,9.5,Köln,x,y\n', {
      mapping,
    })
    expect(fieldsOf(record as ImportRecord)).toEqual({
      messageId: 'A1',
      timestamp: '2024-03-03T00:00:00.000Z',
      event: 'Order Completed',
      userId: 'u1',
      properties: { total: 9.5, currency: 'EUR', extra: 'y' },
      context: { location: { city: 'Köln' } },
    })
  })

  it('makes what the guide says of its example', async () => {
    const guide = await readFile(new URL('../../../../docs/import.md', import.meta.url), 'utf8')
    const [, table = ''] = /```csv\n([\s\S]*?)```/.exec(guide) ?? []
    const [, mapping = ''] = /```json\n(\{\n[\s\S]*?)```/.exec(guide) ?? []
    const records = await readTable(table, { mapping: parseMapping(JSON.parse(mapping)) })
    expect(records.map(fieldsOf)).toEqual([
      {
        messageId: 'A-17',
        timestamp: '2024-03-03T09:00:00.000Z',
        event: 'Order Completed',
        userId: 'u1',
        properties: { total: 49.9, paid: true, products: [{ sku: 'tea' }], currency: 'EUR' },
      },
    ])
  })

  it('whose columns are named like the fields needs none', async () => {
    const records = await readTable(
      '\u{feff}type,event,userId,anonymousId,timestamp,properties,properties.total,name\n' +
        'track,Buy,u1,,2024-03-03,"{""total"":1,""a"":2}",3,n\n' +
        'identify,,,a1,2024-03-03,,,n\n',
    )
    expect(records.map(fieldsOf)).toMatchObject([
      { event: 'Buy', userId: 'u1', properties: { total: '3', a: 2, name: 'n' } },
      { anonymousId: 'a1', traits: { name: 'n' } },
    ])
  })

  it('leaves out what is not mapped when it is told to', async () => {
    const [record] = await readTable('userId,timestamp,event,secret\nu1,2024-03-03,E,s\n', {
      onlyMapped: true,
    })
    expect(fieldsOf(record as ImportRecord)).not.toHaveProperty('properties')
  })

  it('may have no header, another delimiter, and CRLF', async () => {
    const records = await readTable('\u{feff}u1;2024-03-03;E\r\nu2;2024-03-04;E\r\n', {
      header: ['userId', 'timestamp', 'event'],
      delimiter: ';',
    })
    expect(records.map((record) => fieldsOf(record)['userId'])).toEqual(['u1', 'u2'])
  })

  it('has rows of several lines, and ids that stay the same', async () => {
    const text = 'userId,timestamp,event,note\nu1,2024-03-03,E,"one\r\ntwo"\n\nu2,2024-03-03,E,x\n'
    const records = await readTable(text)
    expect(outlineOf(records)).toEqual([
      [2, 3, 'event'],
      [4, 4, 'skipped'],
      [5, 5, 'event'],
    ])
    expect(fieldsOf(records[0] as ImportRecord)['properties']).toEqual({ note: 'one\ntwo' })
    const again = (await readTable(`${text}u3,2024-03-03,E,\n`)).slice(0, 3)
    expect(again.map(({ verdict }) => verdict)).toEqual(records.map(({ verdict }) => verdict))
  })

  it('goes on after bad rows', async () => {
    const text = Buffer.concat([
      Buffer.from('userId,timestamp,event,__proto__\nu1,2024-03-03\n"u1"x,2024-03-03,E,\nu1,2024-03-03,'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(
        `,\nu1,never,E,\nu1,2024-03-03,E,${'x'.repeat(140_000)}\n,2024-03-03,E,\nu1,2024-03-03,\u0000,p\n`,
      ),
    ])
    const records = await readTable(text)
    expect(outlineOf(records)).toEqual([
      [2, 2, 'wrong number of cells'],
      [3, 3, 'a quote in the wrong place'],
      [4, 4, 'not UTF-8'],
      [5, 5, 'wrong cell: timestamp'],
      [6, 6, 'line too long'],
      [7, 7, 'missing_field: userId'],
      [8, 8, 'event'],
    ])
    expect(records[3]?.verdict).toMatchObject({
      detail:
        'column "timestamp" must be a date as ISO 8601 has it, such as 2026-11-22 09:30:00, got "never"',
    })
    expect(JSON.stringify(fieldsOf(records[6] as ImportRecord)['properties'])).toBe('{"__proto__":"p"}')
  })

  it('with a quote that is never closed loses 128 KiB and no more', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => `u${index},2024-03-03,E`)
    const records = await readTable(`userId,timestamp,event\n"u,2024-03-03,E\n${rows.join('\n')}\n`)
    const [first, ...others] = records
    expect(first?.verdict).toMatchObject({ reason: 'a quote is not closed' })
    expect(first?.bytes.length).toBeLessThan(140_000)
    expect(others.every(({ verdict }) => verdict.kind === 'event')).toBe(true)
    expect(others).toHaveLength(10_002 - (first?.last.number ?? 0))
  })

  it('that ends within a row says that the row is not whole', async () => {
    const records = await readTable('userId,timestamp,event\nu1,2024-03-03,E\nu2,"2024')
    expect(records.map(({ isWhole, verdict }) => [isWhole, verdict.kind])).toEqual([
      [true, 'event'],
      [false, 'malformed'],
    ])
  })

  it.each([
    ['a,b,a\n', {}, 'two columns have the name "a"'],
    ['a,,b\n', {}, 'a column of its header has no name'],
    ['a;b\n', {}, 'its header is one column, "a;b": give --delimiter ";"'],
    ['"a\nb"\n', {}, 'its header must be the first line'],
    [Buffer.from([0xff, 0x2c, 0x61]), {}, 'its header is not UTF-8'],
    ['a,b\n', { columns: { c: 'userId' } }, 'it has no column "c", which the mapping names; it has "a", "b"'],
    ['a,b\n', { columns: { a: 'userId', b: 'userId' } }, 'the columns "a" and "b" both go to userId'],
    [
      'a,b\n',
      { columns: { a: 'context.p', b: 'context.p.q' } },
      'context.p and context.p.q cannot both be there',
    ],
    ['a,b\n', { constants: { type: 'click' } }, 'the constant type is no type of event: "click"'],
  ])('that does not fit its mapping is refused as a whole (%#)', async (text, mapping, message) => {
    await expect(readTable(text, { mapping: parseMapping(mapping) })).rejects.toThrow(message)
  })
})
