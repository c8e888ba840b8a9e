import { describe, expect, it } from 'vitest'
import * as layout from './layout.ts'

describe('layout', () => {
  it.each(['0af3', 'with/slash', '..', '.tmp-x', 'a+b', 'ü'])(
    'the stream %s has a folder that tells it',
    (stream) => {
      for (const generation of [1, 2, 17]) {
        const folder = layout.streamFolder(stream, generation)
        expect(folder).toMatch(/^[^/.]+$/)
        expect(layout.streamOf(folder)).toBe(stream)
      }
    },
  )

  it.each(['.tmp-1', 'a.b', '%', ''])('%j is no folder of a stream', (name) => {
    expect(layout.streamOf(name)).toBeUndefined()
  })

  it('the folder of a destination tells nothing of the key', () => {
    const folder = layout.destinationFolder('https://events.example.com/v1/batch wk_shop')
    expect(folder).toMatch(/^[0-9a-f]{16}$/)
    expect(layout.isDestinationFolder(folder)).toBe(true)
  })

  it('segments come in the order of their numbers', () => {
    const names = [2, 1_000_000, 1].map((number) => `${layout.segmentName(number, number * 10).base}.events`)
    const found = layout.segmentsIn([...names, 'owner-1', '000003-1.journal', '000004-1.events.unreadable'])
    expect(found.map(({ number, firstSeq }) => [number, firstSeq])).toEqual([
      [1, 10],
      [2, 20],
      [1e6, 1e7],
    ])
  })

  it('a journal is stray when its events are gone, and not when they could not be read', () => {
    const names = ['1-1.journal', '2-1.events', '2-1.journal', '3-1.events.unreadable', '3-1.journal']
    expect(layout.strayJournalsIn(names)).toEqual(['1-1.journal'])
  })

  it('claims come lowest first', () => {
    expect(layout.ownersIn(['owner-10', 'owner-9', 'owner-x', 'owner-0'])).toEqual([9, 10])
  })
})
