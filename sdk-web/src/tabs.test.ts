import { describe, expect, test } from 'vitest'
import { createFakeLocks, settle } from './fakes.ts'
import type { Locks } from './tabs.ts'
import { createTabs } from './tabs.ts'

function openTwo() {
  const locks = createFakeLocks()
  const [a, b] = [locks.openTab(), locks.openTab()]
  return { a: { ...createTabs('t.', a), die: a.die }, b: { ...createTabs('t.', b), die: b.die } }
}

/** Locks that a frame without an origin has. */
const REFUSED = { request: () => Promise.reject(new DOMException('no origin', 'SecurityError')) } as Locks

/** Something to do, which is done when told. */
function createTask() {
  const task = { runs: 0, finish: () => {} }
  const run = () => {
    task.runs++
    return new Promise<void>((resolve) => {
      task.finish = resolve
    })
  }
  return Object.assign(task, { run })
}

describe('claim', () => {
  test('gives a stream to one tab only, for as long as it lives', async () => {
    const { a, b } = openTwo()
    expect(await Promise.all([a.claim('s'), b.claim('s')])).toEqual([true, false])
    expect([await a.claim('s'), await b.claim('other')]).toEqual([true, true])
    a.die()
    expect(await b.claim('s')).toBe(true)
  })

  test('is given up for all streams at once, and can be made again', async () => {
    const { a, b } = openTwo()
    await a.claim('1')
    await a.claim('2')
    a.yield()
    await settle()
    expect([await b.claim('1'), await a.claim('1'), await a.claim('2')]).toEqual([true, false, true])
    b.yield()
    await settle()
    expect(await a.claim('1')).toBe(true)
  })

  test('that is given up before it was granted does not hold the stream', async () => {
    const { a, b } = openTwo()
    void a.claim('s')
    a.yield()
    await settle()
    expect(await b.claim('s')).toBe(true)
  })

  test('always succeeds where there are no locks', async () => {
    const [a, b] = [createTabs('t.', {}), createTabs('t.', {})]
    expect([await a.claim('s'), await b.claim('s')]).toEqual([true, true])
    a.yield()
  })

  test('never succeeds where locks are refused', async () => {
    expect(await createTabs('t.', { locks: REFUSED }).claim('s')).toBe(false)
  })
})

describe('turn', () => {
  test('is of one tab at a time, in the order they asked', async () => {
    const { a, b } = openTwo()
    const [first, second] = [createTask(), createTask()]
    const done: string[] = []
    void a.takeTurn(first.run).then(() => done.push('first'))
    void b.takeTurn(second.run).then(() => done.push('second'))
    await settle()
    expect([first.runs, second.runs, done]).toEqual([1, 0, []])
    first.finish()
    await settle()
    expect([second.runs, done]).toEqual([1, ['first']])
    second.finish()
    await settle()
    expect(done).toEqual(['first', 'second'])
  })

  test('goes on when the tab dies whose it is', async () => {
    const { a, b } = openTwo()
    const [first, second] = [createTask(), createTask()]
    void a.takeTurn(first.run)
    void b.takeTurn(second.run)
    await settle()
    a.die()
    await settle()
    expect(second.runs).toBe(1)
  })

  test('comes at once where there are no locks', () => {
    const task = createTask()
    void createTabs('t.', {}).takeTurn(task.run)
    expect(task.runs).toBe(1)
  })

  test.each<[string, Locks['request']]>([
    ['refused', REFUSED.request],
    [
      'refused by an error that is thrown',
      () => {
        throw new TypeError('patched by the page')
      },
    ],
    [
      'stolen while it is used',
      (async (_: string, run: () => unknown) => {
        void run()
        throw new DOMException('stolen', 'AbortError')
      }) as never,
    ],
    [
      'granted and given nothing back',
      (async (_: string, run: () => unknown) => void (await run())) as never,
    ],
  ])('runs once when the lock is %s', async (_, request) => {
    const task = createTask()
    let isOver = false
    void createTabs('t.', { locks: { request } })
      .takeTurn(task.run)
      .then(() => {
        isOver = true
      })
      .catch(() => {})
    await settle()
    expect([task.runs, isOver]).toEqual([1, false])
    task.finish()
    await settle()
    expect([task.runs, isOver]).toEqual([1, true])
  })
})
