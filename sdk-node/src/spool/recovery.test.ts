import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addEvents, createFaultyFs, filesIn, makeFolder, openTestSpool, takeAll } from './fakes.ts'
import { destinationFolder } from './layout.ts'

const DESTINATION = 'wk@https://events.example.com'

/** A folder as a process leaves it, in the destination of the test's spools. */
function makeStream(directory: string, name: string, files: Record<string, string>): string {
  const path = join(directory, destinationFolder(DESTINATION), name)
  nodeFs.mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) nodeFs.writeFileSync(join(path, file), text)
  return path
}

describe('recovery', () => {
  it('empty and half-deleted leftovers go', () => {
    const directory = makeFolder()
    makeStream(directory, 'empty', {})
    makeStream(directory, 'journal-only', { '000001-1.journal': 'x' })
    makeStream(directory, 'owner-only', {
      'owner-3': JSON.stringify({ pid: 1, startedAt: 1, host: 'h', stream: 's' }),
    })
    const old = makeStream(directory, '.tmp-old', { 'owner-1': '' })
    nodeFs.utimesSync(old, 1, 1)
    const { time } = openTestSpool({ directory })
    time.turn()
    expect(filesIn(directory)).toEqual([])
  })

  it('what is being made, and what belongs to somebody unknown, stays', () => {
    const directory = makeFolder()
    makeStream(directory, '.tmp-new', { 'owner-1': '' })
    makeStream(directory, 'young', { 'owner-1': 'garbled', '000001-1.events': 'x' })
    makeStream(directory, 'not.ours', { 'notes.txt': '' })
    const before = filesIn(directory)
    const { time } = openTestSpool({ directory })
    time.turn()
    expect(filesIn(directory)).toEqual(before)
  })

  it('segments without any owner are claimed', () => {
    const directory = makeFolder()
    makeStream(directory, 'lost', { '000001-1.events': '\ndamaged' })
    const { spool, time, troubles, workCount } = openTestSpool({ directory })
    time.turn()
    expect(workCount()).toBe(1)
    expect(takeAll(spool)).toEqual([])
    expect(troubles).toMatchObject([{ code: 'spool_damaged', dropped: 1 }])
    expect(nodeFs.readdirSync(directory)).toEqual([])
  })

  it('a process out of descriptors waits, gives nothing up, and tells when it can go on', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    const first = openTestSpool({ directory, running })
    const texts = addEvents(first.spool, 1, 4)
    first.spool.save()
    running.clear()
    let isFailing = true
    const fs = createFaultyFs(
      ({ name, args }) =>
        isFailing && name === 'openSync' && /events$/.test(String(args[0])) ? 'fail' : undefined,
      'EMFILE',
    )
    const { spool, time, troubles, workCount } = openTestSpool({ directory, running, fs })
    time.turn()
    expect([spool.hasOld(), spool.take({ maxEvents: 9, maxBytes: 999 }, 'all')]).toEqual([true, undefined])
    expect([spool.hasOld(), workCount()]).toEqual([false, 1])
    isFailing = false
    time.advance(1_000)
    expect([spool.hasOld(), workCount()]).toEqual([true, 2])
    expect(takeAll(spool).flatMap(({ events }) => events)).toEqual(texts)
    expect(troubles).toMatchObject([{ code: 'spool_failed', dropped: 0 }])
  })

  it('what a failed write left behind the end of a segment is not sent twice', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    const first = openTestSpool({ directory, running })
    addEvents(first.spool, 1, 5)
    first.spool.save()
    running.clear()
    const [name = ''] = filesIn(directory).filter((file) => file.endsWith('.events'))
    const lines = nodeFs.readFileSync(join(directory, name), 'utf8').split('\n')
    nodeFs.writeFileSync(join(directory, name), lines.slice(0, 5).join('\n'))
    nodeFs.writeFileSync(
      join(directory, name.replace('000001-1', '000002-4')),
      `\n${lines.slice(4).join('\n')}`,
    )
    const { spool, time, troubles } = openTestSpool({ directory, running })
    time.turn()
    expect(takeAll(spool).map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [1, 3],
      [4, 2],
    ])
    expect(troubles).toEqual([])
  })
})
