import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  addEvents,
  createFaultyFs,
  filesIn,
  LIMITS,
  makeFolder,
  openTestSpool,
  type TestSpool,
  takeAll,
} from './fakes.ts'

const textsOf = (batches: { events: readonly string[] }[]) => batches.flatMap(({ events }) => events)

/** Path of the only file that ends so. */
function onlyFile(directory: string, ending: string): string {
  const found = filesIn(directory).filter((name) => name.endsWith(ending))
  expect(found).toHaveLength(1)
  return join(directory, found[0] ?? '')
}

/** A spool with events in it whose process was killed after they were written. */
function leaveBehind(directory: string, count: number, act: (spool: TestSpool['spool']) => void = () => {}) {
  const running = new Set<number>()
  const first = openTestSpool({ directory, running })
  const texts = addEvents(first.spool, 1, count)
  first.time.turn()
  act(first.spool)
  running.delete(first.pid)
  return { running, texts, stream: `stream${first.pid}` }
}

describe('spool', () => {
  it('numbers events and gives them out in order, within the limits', () => {
    const { spool } = openTestSpool({ directory: makeFolder() })
    const texts = addEvents(spool, 1, 7)
    expect([spool.newCount(), spool.newBytes(), spool.lastSeq()]).toEqual([7, 7 * 8, 7])
    const batches = takeAll(spool)
    expect(batches.map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [1, 3],
      [4, 3],
      [7, 1],
    ])
    expect(textsOf(batches)).toEqual(texts)
    expect(batches.every(({ isRecovered }) => !isRecovered)).toBe(true)
    expect([spool.newCount(), spool.newBytes(), spool.hasOld()]).toEqual([0, 0, false])
  })

  it('an event larger than the limit of bytes travels alone', () => {
    const { spool } = openTestSpool({ directory: makeFolder() })
    addEvents(spool, 1, 2)
    expect(spool.take({ maxEvents: 10, maxBytes: 3 }, 'all')?.events).toHaveLength(1)
  })

  it('makes no folder before the first event, and leaves none when it is idle or closed', () => {
    const directory = makeFolder()
    const { spool, time } = openTestSpool({ directory })
    time.advance(60_000)
    expect(nodeFs.readdirSync(directory)).toEqual([])
    addEvents(spool, 1, 2)
    time.turn()
    expect(filesIn(directory)).toHaveLength(2)
    takeAll(spool)
    time.advance(1_500)
    expect(nodeFs.readdirSync(directory)).toEqual([])
    addEvents(spool, 3, 1)
    expect(takeAll(spool)).toMatchObject([{ firstSeq: 3 }])
    spool.close()
    expect(nodeFs.readdirSync(directory)).toEqual([])
  })

  it('an exit that finds everything settled leaves nothing', () => {
    const directory = makeFolder()
    const { spool } = openTestSpool({ directory })
    addEvents(spool, 1, 2)
    takeAll(spool)
    expect(spool.save()).toBe(true)
    expect(nodeFs.readdirSync(directory)).toEqual([])
  })

  it('files and folders are for their user only', () => {
    const directory = makeFolder()
    const { spool, time } = openTestSpool({ directory })
    addEvents(spool, 1, 1)
    time.turn()
    spool.take(LIMITS, 'all')
    for (const entry of nodeFs.readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      const stat = nodeFs.statSync(join(directory, entry))
      expect(stat.mode & 0o777).toBe(stat.isDirectory() ? 0o700 : 0o600)
    }
  })

  it('writes once a turn, and at once when 64 KiB wait', () => {
    const fs = createFaultyFs(() => undefined)
    const { spool, time } = openTestSpool({ directory: makeFolder(), fs, maxQueueBytes: 1_000_000 })
    const before = fs.calls()
    addEvents(spool, 1, 500)
    expect(fs.calls()).toBe(before)
    time.turn()
    const written = fs.calls()
    addEvents(spool, 501, 3_000)
    expect(fs.calls() - written).toBe(1)
  })

  it('a batch that was put back comes again as it was, in turn with new ones', () => {
    const { spool } = openTestSpool({ directory: makeFolder() })
    addEvents(spool, 1, 9)
    const first = spool.take(LIMITS, 'all')
    if (first === undefined) throw new Error('there is none')
    expect(spool.hasOld()).toBe(false)
    spool.putBack(first)
    expect(spool.hasOld()).toBe(true)
    const next = [spool.take(LIMITS, 'all'), spool.take(LIMITS, 'all'), spool.take(LIMITS, 'old')]
    expect(next).toContainEqual(first)
    expect(next.map((batch) => batch?.firstSeq).sort()).toEqual([1, 4, undefined])
  })

  it('old batches do not starve new ones, nor the other way round', () => {
    const { spool } = openTestSpool({ directory: makeFolder() })
    addEvents(spool, 1, 30)
    const seqs: number[] = []
    for (let turn = 0; turn < 8; turn += 1) {
      const batch = spool.take(LIMITS, 'all')
      if (batch === undefined) throw new Error('there is none')
      seqs.push(batch.firstSeq)
      spool.putBack(batch)
    }
    expect(new Set(seqs).size).toBeGreaterThanOrEqual(4)
    expect(seqs.length - new Set(seqs).size).toBeGreaterThanOrEqual(3)
  })

  it('refuses events at the bound of the disk, and takes them again when room was made', () => {
    const { spool } = openTestSpool({ directory: makeFolder(), maxBytes: 100_000, maxQueueBytes: 1_000_000 })
    const accepted = addEvents(spool, 1, 5_000)
    expect(accepted.length).toBeGreaterThan(2_000)
    expect(accepted.length).toBeLessThan(5_000)
    expect([spool.hasRoom(), spool.isHalfFree(), spool.lastSeq()]).toEqual([false, false, accepted.length])
    expect(textsOf(takeAll(spool))).toEqual(accepted)
    expect([spool.hasRoom(), spool.isHalfFree()]).toEqual([true, true])
    expect(addEvents(spool, 9_000, 1)).toHaveLength(1)
  })

  it('segments that are settled leave the disk while others are filled', () => {
    const directory = makeFolder()
    const { spool } = openTestSpool({ directory, maxBytes: 80_000 })
    for (let round = 0; round < 100; round += 1) {
      addEvents(spool, round * 30, 30)
      takeAll(spool)
    }
    expect(filesIn(directory).length).toBeLessThanOrEqual(5)
  })

  it('throws for a directory that cannot be made', () => {
    const file = join(makeFolder(), 'file')
    nodeFs.writeFileSync(file, '')
    expect(() => openTestSpool({ directory: join(file, 'spool') })).toThrow(
      /^spool directory .*spool cannot be used: ENOTDIR/,
    )
  })

  it('with always, an event is on the disk when add returns', () => {
    const synced: unknown[] = []
    const fs = createFaultyFs(({ name }) => {
      if (name === 'fsyncSync') synced.push(name)
      return undefined
    })
    const { spool } = openTestSpool({ directory: makeFolder(), fs, fsync: 'always' })
    addEvents(spool, 1, 1)
    const before = synced.length
    addEvents(spool, 2, 1)
    expect(synced.length).toBe(before + 1)
  })

  it('with interval, files are synced without waiting, one round at a time', async () => {
    const names: string[] = []
    const fs = createFaultyFs(({ name }) => {
      if (name === 'fsync') names.push(name)
      return undefined
    })
    const { spool, time } = openTestSpool({ directory: makeFolder(), fs, fsyncIntervalMs: 200 })
    addEvents(spool, 1, 1)
    time.advance(100)
    expect(names).toEqual([])
    time.advance(100)
    expect(names).toEqual(['fsync'])
    addEvents(spool, 2, 1)
    time.advance(1_000)
    expect(names).toEqual(['fsync'])
    await new Promise((resolve) => setTimeout(resolve, 100))
    time.advance(1_000)
    expect(names).toEqual(['fsync', 'fsync'])
  })

  it('with never, nothing is ever synced', () => {
    const fs = createFaultyFs(({ name }) => (name.startsWith('fsync') ? 'fail' : undefined))
    const { spool, time, troubles } = openTestSpool({ directory: makeFolder(), fs, fsync: 'never' })
    addEvents(spool, 1, 5)
    time.advance(10_000)
    expect([spool.save(), troubles]).toEqual([true, []])
  })
})

describe('spool of a process that is gone', () => {
  it('comes to the next one: batches as they were formed, then what was in none', () => {
    const directory = makeFolder()
    const formed: unknown[] = []
    const { running, texts, stream } = leaveBehind(directory, 10, (spool) => {
      const settled = spool.take(LIMITS, 'all')
      formed.push(spool.take(LIMITS, 'all'))
      if (settled !== undefined) spool.settle(settled)
      spool.save()
    })
    const { spool, time, workCount } = openTestSpool({ directory, running })
    time.turn()
    expect([workCount(), spool.hasOld(), spool.newCount()]).toEqual([1, true, 0])
    const batches = takeAll(spool)
    expect(batches[0]).toEqual({ ...(formed[0] as object), isRecovered: true })
    expect(textsOf(batches)).toEqual(texts.slice(3))
    expect(batches.map((batch) => [batch.stream, batch.firstSeq])).toEqual(
      [4, 7, 10].map((seq) => [stream, seq]),
    )
    expect(spool.hasOld()).toBe(false)
    expect(nodeFs.readdirSync(directory)).toEqual([])
  })

  it('comes to nobody while that process lives', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    const first = openTestSpool({ directory, running })
    addEvents(first.spool, 1, 3)
    first.spool.save()
    const { spool, time } = openTestSpool({ directory, running })
    time.advance(100_000)
    expect(takeAll(spool)).toEqual([])
    running.delete(first.pid)
    time.advance(30_000)
    expect(takeAll(spool)).toHaveLength(1)
  })

  it('that was closed comes to another at once', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    const first = openTestSpool({ directory, running })
    addEvents(first.spool, 1, 3)
    first.spool.close()
    const { spool, time } = openTestSpool({ directory, running })
    time.turn()
    expect(takeAll(spool)).toHaveLength(1)
  })

  it('new batches formed from it stay as they are over yet another crash', () => {
    const directory = makeFolder()
    const { running } = leaveBehind(directory, 5)
    const second = openTestSpool({ directory, running })
    second.time.turn()
    const batch = second.spool.take({ ...LIMITS, maxEvents: 2 }, 'old')
    running.delete(second.pid)
    const third = openTestSpool({ directory, running })
    third.time.turn()
    expect(third.spool.take(LIMITS, 'old')).toEqual(batch)
  })

  it('an event that is garbled is counted, and its neighbours come in new batches', () => {
    const directory = makeFolder()
    const { running } = leaveBehind(directory, 6, (spool) => {
      spool.take({ ...LIMITS, maxEvents: 4 }, 'all')
    })
    const file = onlyFile(directory, '.events')
    const text = nodeFs.readFileSync(file, 'latin1')
    nodeFs.writeFileSync(file, text.replace('{"n":2}', '{"n":7}'), 'latin1')
    const { spool, time, troubles } = openTestSpool({ directory, running })
    time.turn()
    const batches = takeAll(spool, { ...LIMITS, maxEvents: 10 })
    expect(batches.map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [1, 1],
      [3, 4],
    ])
    expect(troubles).toMatchObject([{ code: 'spool_damaged', dropped: 1, gone: [] }])
  })

  it('a torn end is counted once', () => {
    const directory = makeFolder()
    const { running } = leaveBehind(directory, 4)
    const file = onlyFile(directory, '.events')
    nodeFs.truncateSync(file, nodeFs.statSync(file).size - 2)
    const { spool, time, troubles } = openTestSpool({ directory, running })
    time.turn()
    expect(textsOf(takeAll(spool))).toHaveLength(3)
    expect(troubles).toMatchObject([{ code: 'spool_damaged', dropped: 1 }])
  })

  it('what cannot be read is set aside, and others go on', () => {
    const directory = makeFolder()
    const { running } = leaveBehind(directory, 3)
    const broken = onlyFile(directory, '.events')
    const fs = createFaultyFs(
      ({ name, args }) => (name === 'openSync' && args[0] === broken ? 'fail' : undefined),
      'EIO',
    )
    const { spool, time, troubles } = openTestSpool({ directory, running, fs })
    time.turn()
    expect(takeAll(spool)).toEqual([])
    expect(troubles).toMatchObject([{ code: 'spool_damaged', dropped: 0 }])
    expect(filesIn(directory).map((name) => name.split('/').at(-1))).toEqual(['000001-1.events.unreadable'])
    expect([spool.isHalfFree(), addEvents(spool, 1, 2), textsOf(takeAll(spool))]).toMatchObject([
      true,
      { length: 2 },
      { length: 2 },
    ])
  })

  it('events for another destination stay, and are told of once', () => {
    const directory = makeFolder()
    const { running } = leaveBehind(directory, 3)
    const before = filesIn(directory)
    const { spool, time, troubles } = openTestSpool({ directory, running, destination: 'another' })
    time.advance(100_000)
    expect(takeAll(spool)).toEqual([])
    expect(troubles).toMatchObject([{ code: 'spool_foreign', dropped: 0 }])
    expect(filesIn(directory)).toEqual(before)
  })
})

describe('spool on a disk that fails', () => {
  it('goes on in memory, gives events out from there, and writes them when it can again', () => {
    const directory = makeFolder()
    let isFailing = false
    const fs = createFaultyFs(({ name }) => (isFailing && /^(write|open)/.test(name) ? 'fail' : undefined))
    const { spool, time, troubles } = openTestSpool({ directory, fs })
    const texts = addEvents(spool, 1, 4)
    time.turn()
    isFailing = true
    texts.push(...addEvents(spool, 5, 4))
    time.turn()
    expect([spool.save(), troubles.length]).toEqual([false, 1])
    expect(troubles).toMatchObject([{ code: 'spool_failed', dropped: 0, gone: [] }])
    const batches = [spool.take(LIMITS, 'all'), spool.take(LIMITS, 'all'), spool.take(LIMITS, 'all')]
    expect(batches.map((batch) => batch?.events.length)).toEqual([3, 1, 3])
    time.advance(5_000)
    isFailing = false
    time.advance(1_000)
    expect([spool.save(), troubles.length]).toEqual([true, 1])
    for (const batch of batches) if (batch !== undefined) spool.settle(batch)
    expect(textsOf([...batches.filter((batch) => batch !== undefined), ...takeAll(spool)])).toEqual(texts)
  })

  it('holds no more in memory than it may', () => {
    const fs = createFaultyFs(({ name }) => (/^(write|open|mkdir)/.test(name) ? 'fail' : undefined), 'EACCES')
    const open = () => openTestSpool({ directory: makeFolder(), fs, maxQueueBytes: 4_000 })
    expect(open).toThrow(/EACCES/)
    let isFailing = false
    const later = createFaultyFs(({ name }) => (isFailing && /^(write|open)/.test(name) ? 'fail' : undefined))
    const { spool } = openTestSpool({ directory: makeFolder(), fs: later, maxQueueBytes: 4_000 })
    isFailing = true
    const texts = addEvents(spool, 1, 1_000)
    expect(texts.length).toBeGreaterThan(50)
    expect(texts.length).toBeLessThan(200)
    expect(spool.hasRoom()).toBe(false)
    expect(textsOf(takeAll(spool))).toEqual(texts)
    expect(addEvents(spool, 2_000, 10)).toHaveLength(10)
  })

  it('what was saved after an outage comes to the next process, gaps included', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    let isFailing = false
    const fs = createFaultyFs(({ name }) => (isFailing && name === 'writeSync' ? 'fail' : undefined))
    const first = openTestSpool({ directory, running, fs })
    addEvents(first.spool, 1, 3)
    first.time.turn()
    isFailing = true
    addEvents(first.spool, 4, 6)
    first.time.turn()
    const taken = [first.spool.take(LIMITS, 'all'), first.spool.take(LIMITS, 'all')]
    isFailing = false
    expect(first.spool.save()).toBe(true)
    running.delete(first.pid)
    const { spool, time, troubles } = openTestSpool({ directory, running })
    time.turn()
    const batches = takeAll(spool)
    expect(batches.map(({ firstSeq }) => firstSeq)).toEqual([1, 4, 7])
    expect(batches.slice(0, 2)).toEqual(taken.map((batch) => ({ ...batch, isRecovered: true })))
    expect(troubles).toEqual([])
  })

  it('events do not come back without the batches that they were given out in, however the writing ends', () => {
    for (let writes = 0; writes <= 3; writes += 1) {
      const directory = makeFolder()
      const running = new Set<number>()
      let left = 0
      const fs = createFaultyFs(({ name }) => (name === 'writeSync' && left-- <= 0 ? 'fail' : undefined))
      const first = openTestSpool({ directory, running, fs })
      addEvents(first.spool, 1, 3)
      const given = first.spool.take(LIMITS, 'all')
      left = writes
      expect(first.spool.save()).toBe(writes >= 2)
      running.clear()
      const second = openTestSpool({ directory, running })
      second.time.turn()
      const found = takeAll(second.spool)
      expect(found).toEqual(writes >= 2 ? [{ ...given, isRecovered: true }] : [])
    }
  })

  it('an id that cannot be made stops nothing', () => {
    const randomId = () => {
      throw new Error('no ids today')
    }
    const { spool } = openTestSpool({ directory: makeFolder(), randomId })
    const texts = addEvents(spool, 1, 4)
    expect(textsOf(takeAll(spool))).toEqual(texts)
  })

  it('a folder that is deleted is made anew for the events that follow', () => {
    const directory = makeFolder()
    const { spool, time, troubles } = openTestSpool({ directory })
    addEvents(spool, 1, 3)
    takeAll(spool)
    addEvents(spool, 4, 3)
    nodeFs.rmSync(join(directory, nodeFs.readdirSync(directory)[0] ?? ''), { recursive: true })
    time.advance(11_000)
    addEvents(spool, 7, 3)
    expect(spool.save()).toBe(true)
    expect(nodeFs.readFileSync(onlyFile(directory, '.events'), 'utf8')).toContain('{"n":9}')
    expect(troubles[0]).toMatchObject({ code: 'spool_failed' })
  })

  it('batches under way of a segment that cannot be read are reported when they are put back, or settled', () => {
    let isFailing = false
    const fs = createFaultyFs(({ name }) => (isFailing && name === 'readSync' ? 'fail' : undefined), 'EIO')
    const { spool, time, troubles } = openTestSpool({ directory: makeFolder(), fs })
    addEvents(spool, 1, 12)
    const [returned, flying, settled] = [1, 2, 3].map(() => spool.take(LIMITS, 'all'))
    if (returned === undefined || flying === undefined || settled === undefined) throw new Error('too few')
    spool.putBack(returned)
    isFailing = true
    expect([spool.take(LIMITS, 'all'), spool.take(LIMITS, 'all')]).toEqual([undefined, undefined])
    spool.settle(settled)
    spool.putBack(flying)
    time.advance(20_000)
    expect(takeAll(spool)).toEqual([])
    const gone = troubles.flatMap((trouble) => trouble.gone).sort((a, b) => a.firstSeq - b.firstSeq)
    expect(gone).toEqual([1, 4, 10].map((firstSeq) => ({ firstSeq, count: 3 })))
    expect(troubles.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(9)
  })

  it('a batch that was put back and cannot be read stays for the next process', () => {
    const directory = makeFolder()
    const running = new Set<number>()
    let isFailing = false
    const fs = createFaultyFs(({ name }) => (isFailing && name === 'readSync' ? 'fail' : undefined), 'EIO')
    const first = openTestSpool({ directory, running, fs })
    addEvents(first.spool, 1, 3)
    const batch = first.spool.take(LIMITS, 'all')
    if (batch === undefined) throw new Error('there is none')
    first.spool.putBack(batch)
    isFailing = true
    expect(first.spool.take(LIMITS, 'old')).toBeUndefined()
    expect(first.troubles).toMatchObject([
      { code: 'spool_failed', dropped: 0, gone: [{ firstSeq: 1, count: 3 }] },
    ])
    first.spool.close()
    const { spool, time } = openTestSpool({ directory, running })
    time.turn()
    expect(takeAll(spool)).toEqual([{ ...batch, isRecovered: true }])
  })

  it('own events wait while the process is out of memory or descriptors', () => {
    let isFailing = true
    const fs = createFaultyFs(({ name }) => (isFailing && name === 'readSync' ? 'fail' : undefined), 'ENOMEM')
    const { spool, time, workCount } = openTestSpool({ directory: makeFolder(), fs })
    const texts = addEvents(spool, 1, 4)
    expect([spool.take(LIMITS, 'all'), spool.newCount()]).toEqual([undefined, 4])
    isFailing = false
    time.advance(1_000)
    expect([workCount(), textsOf(takeAll(spool))]).toEqual([1, texts])
  })

  it('own events that cannot be read are reported with their numbers', () => {
    const directory = makeFolder()
    const { spool, time, troubles } = openTestSpool({ directory })
    addEvents(spool, 1, 6)
    time.turn()
    const file = onlyFile(directory, '.events')
    const text = nodeFs.readFileSync(file, 'latin1')
    nodeFs.writeFileSync(file, text.replace('{"n":2}', '{"n":7}').replace('{"n":6}', '{"n":0}'), 'latin1')
    expect(takeAll(spool).map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(troubles.flatMap(({ gone }) => gone)).toEqual([
      { firstSeq: 2, count: 1 },
      { firstSeq: 6, count: 1 },
    ])
    expect([spool.newCount(), spool.newBytes()]).toEqual([0, 0])
  })
})

describe('spool whose folder another took over', () => {
  it('leaves it, and goes on in a new one with what it has in memory', () => {
    const directory = makeFolder()
    const { spool, time, troubles, pid } = openTestSpool({ directory })
    addEvents(spool, 1, 6)
    time.turn()
    const batch = spool.take(LIMITS, 'all')
    const claim = onlyFile(directory, 'owner-1')
    nodeFs.writeFileSync(claim.replace('owner-1', 'owner-2'), '{}')
    addEvents(spool, 7, 2)
    // The event loop stood still, so that nothing was written meanwhile.
    time.advance(10_000)
    expect(spool.newCount()).toBeLessThanOrEqual(2)
    expect(troubles).toMatchObject([{ code: 'spool_failed', dropped: 0 }])
    if (batch !== undefined) spool.putBack(batch)
    expect(troubles[1]?.gone).toEqual([{ firstSeq: 1, count: 3 }])
    addEvents(spool, 9, 2)
    spool.save()
    expect(takeAll(spool).at(-1)?.firstSeq).toBeGreaterThanOrEqual(7)
    addEvents(spool, 11, 1)
    spool.save()
    expect(filesIn(directory).some((name) => name.includes(`stream${pid}+2/owner-1`))).toBe(true)
    expect(filesIn(directory).some((name) => name.includes(`stream${pid}/owner-2`))).toBe(true)
  })

  it('after a long sleep nothing is written to it, and nothing taken from it', () => {
    for (const wake of ['write', 'take'] as const) {
      const directory = makeFolder()
      const { spool, time, pid } = openTestSpool({ directory })
      addEvents(spool, 1, 2)
      time.turn()
      const claim = onlyFile(directory, 'owner-1')
      nodeFs.writeFileSync(claim.replace('owner-1', 'owner-2'), '{}')
      time.jump(61_000)
      addEvents(spool, 3, 2)
      if (wake === 'write') time.turn()
      expect(textsOf(takeAll(spool))).toEqual(['{"n":3}', '{"n":4}'])
      const old = filesIn(directory).filter(
        (name) => name.includes(`stream${pid}/`) && name.endsWith('events'),
      )
      expect(old.map((name) => nodeFs.readFileSync(join(directory, name), 'utf8')).join()).not.toContain(
        '"n":3',
      )
    }
  })
})
