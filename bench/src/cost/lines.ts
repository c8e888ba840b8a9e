/** The results: counts and dollars. */

import type { Aim, Measured } from '../measure.ts'
import { BUSY, type Runs } from './all-runs.ts'
import {
  composeMonth,
  composeOf,
  MILLION,
  MONTH_MINUTES,
  marginalMillion,
  withInvocationLogs,
} from './compose.ts'
import { IDLE, NAMES, PATIENT, PATIENT_SECONDS, USUAL_SIZE, VOLUMES } from './names.ts'
import { PEERS } from './peers.ts'
import { type Bill, priceMonth, priceRun } from './price-run.ts'
import { PRICES, SUBSCRIPTION_DOLLARS } from './prices.ts'
import { type AllRates, findRates } from './rates.ts'
import { billable, countOf } from './tally.ts'
import { scaleUsage, type Usage } from './usage.ts'

/** Most dollars a million events in full batches, by the events of a request of the usual size. */
const AIMS: Partial<Record<number, Aim>> = { 3: { atMost: 0.6 }, 10: { atMost: 0.2 }, 50: { atMost: 0.05 } }

/** Whether the log keeps a line of each invocation. */
export interface LogSettings {
  areInvocationsLogged: boolean
}

/** All results. */
export function describeCost(runs: Runs, { areInvocationsLogged }: LogSettings): Measured[] {
  const all = findRates(runs)
  const logged = (usage: Usage) => withInvocationLogs(usage, areInvocationsLogged)
  return [
    ...all.rates.flatMap((rates) => describeShape(rates, logged)),
    ...describeIdle(all, logged),
    ...all.rates
      .filter(({ burst }) => burst.shape.size === USUAL_SIZE)
      .flatMap((rates) => VOLUMES.flatMap((volume) => describeMonth(rates, all, volume, logged))),
    describeCheck(runs, all),
    ...describePeers(),
    ...describePrices(),
    { name: 'SQLite of the object in the end', value: runs.storedBytes / 1e6, unit: 'MB' },
    { name: 'processor time of the idle process', value: runs.idleMsPerSecond, unit: 'ms/s' },
  ]
}

type ShapeRates = AllRates['rates'][number]

function describeShape(rates: ShapeRates, logged: (usage: Usage) => Usage): Measured[] {
  const { burst, messageBytes, messagesPerRequest, fullMessages, collectorMs } = rates
  const shape = NAMES.shape(burst.shape)
  const usage = marginalMillion(rates)
  const bill = priceRun(logged(usage), PRICES)
  const aim = burst.shape.size === USUAL_SIZE ? AIMS[burst.shape.events] : undefined
  const events = burst.requests * burst.shape.events
  const line = (name: string, value: number, unit: string) => ({ name: `${shape}: ${name}`, value, unit })
  return [
    { name: NAMES.million(shape), value: bill.dollars, unit: '$', ...(aim === undefined ? {} : { aim }) },
    {
      name: NAMES.withLogs(shape),
      value: priceRun(withInvocationLogs(usage, true), PRICES).dollars,
      unit: '$',
    },
    ...describeBill(shape, bill),
    line('bytes of an event in the body', burst.bodyBytes / events, 'B'),
    line('bytes of a message', messageBytes, 'B'),
    line('messages of a request', messagesPerRequest, 'messages'),
    line('messages of a full batch', fullMessages, 'messages'),
    line('bytes of an event in the lake', burst.lakeBytesPerEvent, 'B'),
    line('CPU of the collector, a request', collectorMs, 'ms'),
    line('CPU of consumer and objects, an event', burst.consumerMs / events, 'ms'),
    line('CPU of the cron, an event', rates.perEvent.cpuMs, 'ms'),
  ]
}

function describeBill(of: string, { items }: Bill): Measured[] {
  return items.flatMap(({ key, amount, dollars }) => {
    const { label, unit } = PRICES[key]
    return [
      { name: NAMES.amount(of, label), value: amount, unit },
      { name: NAMES.price(of, label), value: dollars, unit: '$' },
    ]
  })
}

function describeIdle({ minutes }: AllRates, logged: (usage: Usage) => Usage): Measured[] {
  const usage = logged(scaleUsage(minutes.idle, MONTH_MINUTES))
  const list = priceRun(usage, PRICES)
  const traffic = priceRun(logged(scaleUsage(minutes.traffic, MONTH_MINUTES)), PRICES)
  return [
    ...describeBill(IDLE, list),
    { name: `${IDLE}: list price`, value: list.dollars, unit: '$' },
    { name: `${IDLE}: bill`, value: priceMonth(usage, PRICES).dollars + SUBSCRIPTION_DOLLARS, unit: '$' },
    { name: 'traffic in every minute, a month more: list price', value: traffic.dollars, unit: '$' },
  ]
}

function describeMonth(
  rates: ShapeRates,
  { minutes }: AllRates,
  volume: number,
  logged: (usage: Usage) => Usage,
): Measured[] {
  const month = composeMonth(rates, minutes, volume * MILLION)
  const list = priceRun(logged(month.usage), PRICES).dollars
  const bill = priceMonth(logged(month.usage), PRICES).dollars + SUBSCRIPTION_DOLLARS
  const patient = composeMonth(rates, minutes, volume * MILLION, PATIENT_SECONDS)
  const patientList = priceRun(logged(patient.usage), PRICES).dollars
  const name = NAMES.month(volume, NAMES.shape(rates.burst.shape))
  return [
    { name: `${name}: messages of a batch`, value: month.messagesPerBatch, unit: 'messages' },
    { name: `${name}: list price`, value: list, unit: '$' },
    { name: `${name}: list price a million`, value: list / volume, unit: '$' },
    { name: `${name}: list price a million, ${PATIENT}`, value: patientList / volume, unit: '$' },
    { name: `${name}: bill`, value: bill, unit: '$' },
    { name: `${name}: bill a million`, value: bill / volume, unit: '$' },
  ]
}

/**
 * What was counted of busy minutes, beside what is composed of the same in as many batches: without processor time, storage and
 * logs.
 */
function describeCheck({ busy }: Runs, { rates, minutes }: AllRates): Measured {
  const name = 'busy minutes: price composed beside price counted'
  const shape = rates.find(
    ({ burst }) => burst.shape.events === BUSY.events && burst.shape.size === BUSY.size,
  )
  if (shape === undefined) return { name, value: Number.NaN, unit: '×' }
  const { requests, tally } = busy
  const filled = countOf(tally, 'messages read') / countOf(tally, 'R2 put', (role) => role === 'consumer')
  const perMonth = (requests / busy.minutes) * MONTH_MINUTES * BUSY.events
  const counted = scaleUsage(billable(tally), MONTH_MINUTES / busy.minutes)
  const composed = composeOf(shape, minutes, perMonth, filled).usage
  const dollars = (usage: Usage) =>
    priceRun({ ...usage, cpuMs: 0, lakeStoredGb: 0, logEvents: 0 }, PRICES).dollars
  return { name, value: dollars(composed) / dollars(counted), unit: '×' }
}

function describePeers(): Measured[] {
  return PEERS.flatMap(({ name, monthly }) =>
    VOLUMES.flatMap((volume) => {
      const value = volume > 100 ? undefined : monthly(volume * MILLION)
      return value === undefined ? [] : [{ name: NAMES.peer(volume, name), value, unit: '$' }]
    }),
  )
}

function describePrices(): Measured[] {
  return Object.values(PRICES).flatMap(({ label, dollars, per, unit, included }) => [
    { name: NAMES.listPrice(label), value: dollars, unit: per === 1 ? `$ a ${unit}` : `$ a million ${unit}` },
    { name: NAMES.included(label), value: included, unit },
  ])
}
