/** Books that turn: what the last requests of one took, lost or refused is known by the receipts of the next. */

import type { Envelope, EnvelopeReceipt } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBooks } from '../../collector/src/receipts/books.ts'
import { keepBooks } from '../../consumers/src/ledger/job.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { ledgerEffects, ledgerEvent } from '../support/ledger.ts'
import { findRemainders, LEDGER_COUNTS, type LedgerRow } from '../support/ledger-row.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const HOUR_MS = 3_600_000

/** So short that a request can be open all the while, and is not taken for one that was cut off. */
const BOOK_MS = 30_000

let warehouse: TestWarehouse
let sourceCount = 0

beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

const keep = () => keepBooks(ledgerEffects(warehouse), { sources: [], horizons: new Map() })

async function readLedger(source: string): Promise<LedgerRow> {
  const [row = {}] = await warehouse.query<Record<string, unknown>>(
    `SELECT ${LEDGER_COUNTS.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM ledger WHERE source = {source:String}`,
    { source },
  )
  const ledger = Object.fromEntries(LEDGER_COUNTS.map((name) => [name, Number(row[name])])) as LedgerRow
  expect(findRemainders(ledger)).toEqual([])
  return ledger
}

/** What a request was told, and its envelope. */
interface Taken {
  envelope: Envelope
  settle: (isDurable: boolean) => void
}

/** An isolate of the collector over a source of its own. */
function startIsolate() {
  const source = `turning-${++sourceCount}`
  let at = Date.now() - 12 * HOUR_MS
  let books = 0
  let events = 0
  const isolate = createBooks({
    ...{ now: () => at, randomId: () => `${source}-${++books}`, maxAgeMs: BOOK_MS },
  })
  const envelopeOf = (receipt: EnvelopeReceipt, count: number) =>
    buildEnvelope({
      ...{ source, receivedAt: at, receipt },
      events: Array.from({ length: count }, () => ledgerEvent(`${source}-${++events}`, at)),
    })
  return {
    source,
    take(count: number): Taken {
      at += 100
      const { receipt, settle } = isolate.open(source, [count, 0, 0])
      return { envelope: envelopeOf(receipt, count), settle }
    },
    refuse: (count: number) => isolate.refuse(source, 'rate_limited', count),
    turn: () => {
      at += BOOK_MS
    },
  }
}

describe('a book that has turned', () => {
  it('says that its last request was acknowledged and is not here, and then that it came', async () => {
    const { source, take, turn } = startIsolate()
    const [first, last] = [take(2), take(3)]
    for (const { settle } of [first, last]) settle(true)
    turn()
    await warehouse.write([first.envelope, take(1).envelope])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 6, accepted: 6, stored: 3, in_flight: 3 })
    await warehouse.write([last.envelope])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 6, stored: 6, in_flight: 0, missing: 0 })
  })

  it('says it of one that turned because too much failed, and owes nobody what failed', async () => {
    const { source, take } = startIsolate()
    const first = take(1)
    first.settle(true)
    for (let count = 0; count < 31; count++) take(5).settle(false)
    take(3).settle(true)
    take(5).settle(false)
    await warehouse.write([first.envelope, take(1).envelope])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 5, stored: 2, in_flight: 3 })
  })

  it('says what was refused after its last request, and where nothing else came', async () => {
    const { source, take, refuse, turn } = startIsolate()
    refuse(5)
    turn()
    const first = take(1)
    refuse(7)
    turn()
    await warehouse.write([first.envelope, take(1).envelope])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 14, refused: 12, stored: 2 })
  })

  it('says what became of a request that was open when it turned, whichever telling comes first', async () => {
    const { source, take, turn } = startIsolate()
    const [open, failing] = [take(4), take(9)]
    turn()
    const before = take(1)
    failing.settle(false)
    open.settle(true)
    const after = take(1)
    for (const { envelope } of [after, before]) await warehouse.write([envelope])
    await warehouse.run('OPTIMIZE TABLE receipts FINAL')
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 6, stored: 2, in_flight: 4 })
    await warehouse.write([open.envelope])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 6, stored: 6, in_flight: 0 })
  })

  it('leaves nothing untold, however requests end, are lost, are late and come twice', async () => {
    await fc.assert(
      fc.asyncProperty(STEPS, fc.infiniteStream(fc.nat(9)), async (steps, draws) => {
        const { source, sent, lost, refused } = play(steps)
        const draw = () => draws.next().value as number
        const copies = sent.filter(() => draw() < 3)
        const delivered = shuffle([...sent, ...copies], draw)
        await warehouse.write(delivered.slice(0, 12))
        await keep()
        await readLedger(source)
        await warehouse.write(delivered.slice(12))
        await keep()
        const [stored, gone] = [countOf(sent), countOf(lost)]
        expect(await readLedger(source)).toMatchObject({
          ...{ received: stored + gone + refused, refused, stored, in_flight: gone, missing: 0 },
        })
        if (lost.length > 0) await warehouse.write(lost)
        await keep()
        expect(await readLedger(source)).toMatchObject({
          ...{ received: stored + gone + refused, stored: stored + gone, in_flight: 0, missing: 0 },
        })
      }),
      { numRuns: 8 },
    )
  }, 120_000)
})

/** What becomes of a request; `landed`: it failed and came all the same; `slow`: it is open while the next one is taken. */
const STEPS = fc.array(
  fc.tuple(
    fc.constantFrom('came', 'lost', 'failed', 'landed', 'slow', 'refused', 'turn'),
    fc.integer({ min: 1, max: 5 }),
  ),
  { minLength: 20, maxLength: 80 },
)

/** Takes one request a step. Of those that were acknowledged no two are lost in a row, so that whatever is told comes. */
function play(steps: readonly (readonly [step: string, count: number])[]) {
  const { source, take, refuse, turn } = startIsolate()
  const sent: Envelope[] = []
  const lost: Envelope[] = []
  let [refused, wasLost] = [0, false]
  let open: Taken | undefined
  for (const [step, count] of [...steps, ['came', 1] as const]) {
    if (step === 'turn') turn()
    if (step === 'refused') {
      refuse(count)
      refused += count
      continue
    }
    const taken = take(count)
    open?.settle(true)
    open = step === 'slow' ? taken : undefined
    if (step !== 'slow') taken.settle(step !== 'failed' && step !== 'landed')
    const isLost = step === 'lost' && !wasLost
    if (step !== 'failed') (isLost ? lost : sent).push(taken.envelope)
    if (step !== 'failed' && step !== 'landed') wasLost = isLost
  }
  // After it nothing is under way.
  sent.push(take(1).envelope)
  return { source, sent, lost, refused }
}

const countOf = (envelopes: readonly Envelope[]) =>
  envelopes.reduce((sum, { events }) => sum + events.length, 0)

const shuffle = (envelopes: readonly Envelope[], draw: () => number): Envelope[] =>
  envelopes
    .map((envelope) => ({ envelope, place: draw() }))
    .sort((a, b) => a.place - b.place)
    .map(({ envelope }) => envelope)
