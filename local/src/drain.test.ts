import { describe, expect, it } from 'vitest'
import { drain, quietTimeOf } from './drain.ts'

/** A door that says what a script has for each time, on a clock of its own. */
function setUp(script: (ms: number) => { inHand: number; ended: number } | Error | string) {
  let time = 0
  const waited = drain({
    closeDoor: async () => {
      const state = script(time)
      if (typeof state === 'string' || state instanceof Error) throw state
      return state
    },
    ...{ quietMs: 1_500, maxMs: 10_000 },
    now: () => time,
    delay: async (ms) => {
      time += ms
    },
  })
  return waited.then(
    () => ({ took: time }),
    ({ message }: Error) => ({ took: time, message }),
  )
}

describe('the wait at the end', () => {
  it.each<[string, (ms: number) => { inHand: number; ended: number }, number]>([
    ['is short where nothing goes on', () => ({ inHand: 0, ended: 7 }), 1_500],
    [
      'begins anew when something has ended, whose events wait in the queue now',
      (ms) => ({ inHand: ms < 1_400 ? 1 : 0, ended: ms < 1_400 ? 7 : 8 }),
      2_900,
    ],
    [
      'begins anew when something began and ended between two looks',
      (ms) => ({ inHand: 0, ended: ms < 1_000 ? 7 : 8 }),
      2_500,
    ],
    [
      'begins anew with a workerd that was started again',
      (ms) => ({ inHand: 0, ended: ms < 1_000 ? 7 : 0 }),
      2_500,
    ],
  ])('%s', async (_, script, took) => {
    expect(await setUp(script)).toEqual({ took })
  })

  it('has an end, and says what was in hand then', async () => {
    const { took, message } = (await setUp(() => ({ inHand: 2, ended: 7 }))) as {
      took: number
      message: string
    }
    expect(took).toBe(10_000)
    expect(message).toContain('2 begun, 7 ended')
  })

  it.each([new Error('gone'), 'gone'])(
    'is no longer for one that does not answer, and says why',
    async (thrown) => {
      expect(await setUp(() => thrown)).toEqual({
        took: 1_500,
        message: 'what it took last may be lost, because it does not answer: gone',
      })
    },
  )

  it('is the same without a door', async () => {
    const waits: number[] = []
    const delay = async (ms: number) => void waits.push(ms)
    await drain({ closeDoor: undefined, quietMs: 1_500, maxMs: 0, now: () => 0, delay })
    expect(waits).toEqual([1_500])
  })
})

it('is as long as the longest wait of a queue, dead letters apart', () => {
  const events = { maxBatchTimeout: 5, deadLetterQueue: 'dead' }
  expect(quietTimeOf({ events, retry: { maxBatchTimeout: 1 }, dead: { maxBatchTimeout: 60 } })).toBe(5_500)
  expect(quietTimeOf({})).toBe(500)
})
