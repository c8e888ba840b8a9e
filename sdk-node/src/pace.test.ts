import { describe, expect, it } from 'vitest'
import { createFakeClock, settlePromises } from './fakes.ts'
import { createPace, type EndRequest } from './pace.ts'
import { createStop } from './stop.ts'
import { createTimers } from './timers.ts'

function setUp(random = 0) {
  const clock = createFakeClock()
  const stop = createStop()
  const pace = createPace({ now: clock.now, random: () => random, timers: createTimers(clock), stop })
  const begun: EndRequest[] = []
  /** Asks to begin; what may is in `begun`. */
  const ask = async () => {
    const end = await pace.begin()
    if (end !== undefined) begun.push(end)
  }
  async function fail(times: number): Promise<number> {
    let delayMs = 0
    for (let i = 0; i < times; i += 1) delayMs = ((await pace.begin()) as EndRequest)('failure')
    return delayMs
  }
  return { clock, pace, stop, begun, ask, fail }
}

describe('the pace of requests', () => {
  it.each([
    [2, 0, 0],
    [3, 0, 15_000],
    [3, 1, 30_000],
  ])(
    'after %i failures in a row, with luck %d, nothing begins for %i ms',
    async (times, random, expected) => {
      const { fail } = setUp(random)
      expect(await fail(times)).toBe(expected)
    },
  )

  it('when the breaker has been open, one lane alone tries, and the others wait for what comes of it', async () => {
    const { clock, begun, ask, fail } = setUp()
    await fail(3)
    for (let lane = 0; lane < 3; lane += 1) void ask()
    await clock.advance(14_999)
    expect(begun).toHaveLength(0)
    await clock.advance(1)
    expect(begun).toHaveLength(1)
    expect(begun[0]?.('failure')).toBe(30_000)
    await clock.advance(30_000)
    expect(begun).toHaveLength(2)
    begun[1]?.('success')
    await settlePromises()
    expect(begun).toHaveLength(3)
  })

  it('a lane that was cut off lets another one try', async () => {
    const { clock, begun, ask, fail } = setUp()
    await fail(3)
    void ask()
    void ask()
    await clock.advance(15_000)
    begun[0]?.('cut')
    await settlePromises()
    expect(begun).toHaveLength(2)
  })

  it('what the collector asks for holds for all lanes, and for those in a hurry', async () => {
    const { clock, pace, begun, ask } = setUp()
    void ask()
    await settlePromises()
    expect(begun[0]?.('failure', 7_000)).toBe(7_000)
    void ask()
    pace.hurry()
    await clock.advance(6_999)
    expect(begun).toHaveLength(1)
    await clock.advance(1)
    expect(begun).toHaveLength(2)
  })

  it('a hurry ends a wait of our own once', async () => {
    const { pace, begun, ask, fail } = setUp()
    await fail(3)
    void ask()
    await settlePromises()
    pace.hurry()
    await settlePromises()
    expect(begun).toHaveLength(1)
    expect(begun[0]?.('failure')).toBe(30_000)
  })

  it('a collector that asks for no time at all does not shorten the breaker', async () => {
    const { fail, begun, ask } = setUp()
    await fail(2)
    void ask()
    await settlePromises()
    expect(begun[0]?.('failure', 0)).toBe(15_000)
  })

  it("neither another lane's success nor a hurry nor a failure shortens what the collector asked for", async () => {
    const { clock, pace, begun, ask } = setUp()
    for (let lane = 0; lane < 5; lane += 1) await ask()
    begun[0]?.('failure', 120_000)
    begun[1]?.('success')
    expect(begun[2]?.('failure')).toBe(120_000)
    expect(begun[3]?.('failure', 5_000)).toBe(120_000)
    begun[4]?.('failure')
    pace.hurry()
    void ask()
    await clock.advance(119_999)
    expect(begun).toHaveLength(5)
    await clock.advance(1)
    expect(begun).toHaveLength(6)
  })

  it('a batch that fails alone is not tried again with each success of the others', async () => {
    const { clock, pace, begun, ask } = setUp()
    await ask()
    await ask()
    begun[0]?.('failure')
    let isRested = false
    void pace.rest(60_000, true).then(() => {
      isRested = true
    })
    begun[1]?.('success')
    await clock.advance(59_999)
    expect(isRested).toBe(false)
  })

  it('says how long nothing will begin, when nothing is under way', async () => {
    const { clock, pace, begun, ask } = setUp()
    expect(pace.idleMs()).toBe(0)
    await ask()
    await ask()
    begun[0]?.('failure', 10_000)
    void pace.rest(10_000, false)
    expect(pace.idleMs()).toBe(0)
    begun[1]?.('success')
    await clock.advance(4_000)
    expect(pace.idleMs()).toBe(6_000)
  })

  it('a request that is said to have ended twice ended once', async () => {
    const { begun, ask, pace } = setUp()
    await ask()
    begun[0]?.('failure')
    begun[0]?.('failure')
    begun[0]?.('failure')
    expect(pace.idleMs()).toBe(0)
    await ask()
    expect(begun[1]?.('failure')).toBe(0)
  })

  it('a clock that is set back does not prolong a wait', async () => {
    const clock = createFakeClock()
    let offsetMs = 0
    const now = () => clock.now() + offsetMs
    const pace = createPace({ now, random: () => 0, timers: createTimers(clock), stop: createStop() })
    for (let i = 0; i < 3; i += 1) (await pace.begin())?.('failure')
    offsetMs = -86_400_000
    let mayBegin = false
    void pace.begin().then(() => {
      mayBegin = true
    })
    await clock.advance(15_001)
    expect(mayBegin).toBe(true)
  })

  it('an end of the client ends every wait', async () => {
    const { clock, stop, begun, ask, fail } = setUp()
    await fail(3)
    const asked = Promise.all([ask(), ask()])
    await settlePromises()
    stop.stop()
    await asked
    expect([begun.length, clock.timerCount()]).toEqual([0, 0])
  })
})
