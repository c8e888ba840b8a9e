import { describe, expect, it } from 'vitest'
import { createLedger } from './ledger.ts'

function accept(count: number) {
  const ledger = createLedger()
  for (let seq = 1; seq <= count; seq += 1) ledger.accept(seq)
  return ledger
}

describe('the books', () => {
  it('each wait counts its own events, whatever else is in a batch', async () => {
    const ledger = accept(2)
    const first = ledger.wait()
    ledger.accept(3)
    const second = ledger.wait()
    ledger.settle(1, ['delivered', 'filtered', 'refused'])
    await Promise.all([first.done, second.done])
    expect(first.result()).toMatchObject({ delivered: 1, filtered: 1, dropped: 0, pending: 0 })
    expect(second.result()).toMatchObject({ delivered: 1, filtered: 1, dropped: 1, pending: 0 })
  })

  it('a wait that has ended is not counted for any more', () => {
    const ledger = accept(1)
    const wait = ledger.wait()
    wait.end()
    ledger.settle(1, ['delivered'])
    expect(wait.result()).toMatchObject({ delivered: 0, pending: 1 })
  })

  it.each([
    ['leave', { spooled: 2, pending: 0 }, { spooled: 2, dropped: 0, pending: 0 }],
    ['abandon', { dropped: { undelivered: 2 }, pending: 0 }, { spooled: 0, dropped: 2, pending: 0 }],
  ] as const)('%s closes the books on what is pending, and every wait', async (call, stats, result) => {
    const ledger = accept(3)
    const wait = ledger.wait()
    ledger.settle(1, ['delivered'])
    ledger[call]()
    await wait.done
    expect(ledger.stats()).toMatchObject({ accepted: 3, delivered: 1, ...stats })
    expect(wait.result()).toMatchObject({ delivered: 1, ...result })
  })
})
