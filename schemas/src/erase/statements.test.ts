/** Where rows are changed, on one server and in a cluster. */

import { describe, expect, it } from 'vitest'
import { inChunks, readPlaces } from './statements.ts'

const readFrom = (engines: string[]) =>
  readPlaces({
    run: async () => {},
    read: async <Row>() => engines.map((engine) => ({ engine })) as Row[],
  })

describe('the place of rows', () => {
  it('is the table itself on one server', async () => {
    const places = await readFrom([])
    expect([places.rowsOf('events'), places.cluster]).toEqual(['events', undefined])
  })

  it('is the table behind the distributed one, on every server of its cluster', async () => {
    const places = await readFrom([
      "Distributed('it\\'s main', 'millrace', 'events_local', cityHash64(source, message_id))",
    ])
    expect(places.rowsOf('events')).toBe("events_local ON CLUSTER 'it\\'s main'")
    expect(places.cluster).toBe("'it\\'s main'")
  })
})

describe('chunks', () => {
  it.each([
    [[], 2, []],
    [[1, 2, 3], 2, [[1, 2], [3]]],
    [[1, 2], 2, [[1, 2]]],
  ])('of %j by %i are in order and hold everything', (items, size, chunks) => {
    expect(inChunks(items, size)).toEqual(chunks)
  })
})
