/** What becomes of a batch that has come to an end: the books, the outbox, and whoever is to be told. */

import type { Settlement } from './delivery.ts'
import type { UntoldDrops } from './drops.ts'
import { MillraceError } from './errors.ts'
import type { Ended, Ledger } from './ledger.ts'
import type { Done, EventStatus } from './news.ts'
import type { Batch, Outbox } from './outbox.ts'
import { outcomeOf, receiptOf, statusesOf } from './outcomes.ts'
import type { SpoolTrouble } from './spool/trouble.ts'
import { countOf, type Telling } from './telling.ts'

export interface SettlingOptions {
  outbox: Outbox
  ledger: Ledger
  telling: Telling
  untold: UntoldDrops
  /** Whether batches that were not delivered stay in the outbox: it outlives the process. */
  keeps: boolean
}

export interface Settling {
  /** Remembers a function to be called when the event with this number has ended. */
  expect(seq: number, done: Done): void
  /** A batch was delivered, refused or given up. */
  settle(batch: Batch, settlement: Settlement): void
  /** Everything that has not ended is lost, by this error. */
  abandon(error: MillraceError): void
  /** Something is wrong on disk, with events or without. */
  note(trouble: SpoolTrouble): void
}

type Failed = Extract<Settlement, { ok: false }>

/** Settles batches, once each. */
export function createSettling({ outbox, ledger, telling, untold, keeps }: SettlingOptions): Settling {
  const doneOf = new Map<number, Done>()

  function acknowledge(batch: Batch, settlement: Extract<Settlement, { ok: true }>): void {
    close(batch, statusesOf(batch, settlement.receipts), settlement)
    for (const receipt of settlement.receipts) {
      const told = receiptOf(batch, receipt)
      if (told !== undefined) telling.receipt(told)
    }
  }

  function giveUp(batch: Batch, settlement: Failed): void {
    const { reason, message, ...details } = settlement
    const code = reason === 'refused' ? 'refused' : 'undelivered'
    const verdict = reason === 'refused' ? 'the collector refused' : 'gave up on'
    const dropped = batch.events.length
    const error = new MillraceError(`${verdict} ${countOf(dropped)}: ${message}`, {
      ...details,
      code,
      dropped,
    })
    close(batch, Array<EventStatus>(dropped).fill(code), settlement, error)
    untold.addTold(batch.events)
    telling.drop(code, dropped)
    telling.error(error)
  }

  function close(
    batch: Batch,
    statuses: readonly EventStatus[],
    settlement: Settlement,
    error?: MillraceError,
  ): void {
    outbox.settle(batch)
    if (batch.isRecovered) {
      ledger.recover(error === undefined ? 'answered' : 'dropped', statuses.length)
      return
    }
    ledger.settle(batch.firstSeq, statuses)
    const receipts = settlement.ok ? settlement.receipts : []
    statuses.forEach((status, index) => {
      takeDone(batch.firstSeq + index, (done) => done(error, outcomeOf(batch, index, status, receipts)))
    })
  }

  function takeDone(seq: number, call: (done: Done) => void): void {
    const done = doneOf.get(seq)
    if (done === undefined) return
    doneOf.delete(seq)
    telling.callBack('the function that was passed with an event', () => call(done))
  }

  return {
    expect(seq, done) {
      doneOf.set(seq, done)
    },
    settle(batch, settlement) {
      if (settlement.ok) acknowledge(batch, settlement)
      else if (keeps && settlement.reason !== 'refused') outbox.putBack(batch)
      else giveUp(batch, settlement)
    },
    abandon(error) {
      for (const seq of [...doneOf.keys()]) takeDone(seq, (done) => done(error, { status: 'undelivered' }))
    },
    note({ code, message, dropped, gone, cause }) {
      const isLost = dropped > 0
      const error = new MillraceError(message, { code, dropped, cause })
      for (const { firstSeq, count } of gone) {
        ledger.settle(firstSeq, Array<Ended>(count).fill(isLost ? 'undelivered' : 'spooled'))
        for (let seq = firstSeq; seq < firstSeq + count; seq += 1) {
          takeDone(seq, (done) => isLost && done(error, { status: 'undelivered' }))
        }
      }
      const ownCount = isLost ? gone.reduce((sum, { count }) => sum + count, 0) : 0
      if (ownCount > 0) telling.drop('undelivered', ownCount)
      if (dropped > ownCount) {
        ledger.recover('dropped', dropped - ownCount)
        telling.drop('spool_damaged', dropped - ownCount)
      }
      telling.error(error)
    },
  }
}
