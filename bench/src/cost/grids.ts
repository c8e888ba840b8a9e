/** The results as tables, for the terminal and for the documentation. Every number is one of the results. */

import type { Measured } from '../measure.ts'
import { IDLE, NAMES, PATIENT, USUAL_SIZE, VOLUMES } from './names.ts'
import { PEERS } from './peers.ts'
import { PRICES } from './prices.ts'
import { EVENT_SIZES, type EventSize } from './traffic.ts'

/** A table. */
export interface Grid {
  title: string
  columns: string[]
  rows: string[][]
}

const EVENTS = [1, 3, 10, 50, 250]

/** Those whose months are shown. */
const MONTH_EVENTS = [3, 10, 50]

const LABELS = Object.values(PRICES).map(({ label }) => label)

/** All tables, in the order of the documentation. */
export function buildGrids(results: readonly Measured[]): Grid[] {
  const values = new Map(results.map(({ name, value }) => [name, value]))
  const get = (name: string) => values.get(name)
  return [
    pricesGrid(get),
    millionGrid(get),
    amountsGrid(get),
    sizesGrid(get),
    idleGrid(get),
    monthsGrid(get),
    peersGrid(get),
  ]
}

type Get = (name: string) => number | undefined

const usual = (events: number) => NAMES.shape({ events, size: USUAL_SIZE as EventSize })

function millionGrid(get: Get): Grid {
  const row = (head: string, name: (shape: string) => string) => [
    head,
    ...EVENTS.map((events) => dollars(get(name(usual(events))))),
  ]
  return {
    title: `Dollars a million events of ${USUAL_SIZE}, full batches, by events a request`,
    columns: ['', ...EVENTS.map(String)],
    rows: [
      ...LABELS.map((label) => row(label, (shape) => NAMES.price(shape, label))),
      row('All', NAMES.million),
      row('All, if each invocation is logged', NAMES.withLogs),
    ],
  }
}

function amountsGrid(get: Get): Grid {
  return {
    title: `What a million events of ${USUAL_SIZE} use, full batches, by events a request`,
    columns: ['', ...EVENTS.map(String)],
    rows: Object.values(PRICES).map(({ label, unit }) => [
      `${label}, ${unit}`,
      ...EVENTS.map((events) => amount(get(NAMES.amount(usual(events), label)))),
    ]),
  }
}

function sizesGrid(get: Get): Grid {
  const sizes = Object.keys(EVENT_SIZES) as EventSize[]
  return {
    title: 'Dollars a million events, full batches, by size of an event',
    columns: ['Events a request', ...sizes],
    rows: MONTH_EVENTS.map((events) => [
      String(events),
      ...sizes.map((size) => dollars(get(NAMES.million(NAMES.shape({ events, size }))))),
    ]),
  }
}

function idleGrid(get: Get): Grid {
  return {
    title: 'A month without traffic: cron, heartbeats, alarms',
    columns: ['', 'Amount', 'List price, $'],
    rows: [
      ...Object.values(PRICES).map(({ label, unit }) => [
        `${label}, ${unit}`,
        amount(get(NAMES.amount(IDLE, label))),
        dollars(get(NAMES.price(IDLE, label))),
      ]),
      ['All', '', dollars(get(`${IDLE}: list price`))],
      ['Bill with what is included, and the subscription', '', dollars(get(`${IDLE}: bill`))],
    ],
  }
}

function monthsGrid(get: Get): Grid {
  const cells = (volume: number, events: number) => {
    const name = NAMES.month(volume, usual(events))
    return [
      amount(get(`${name}: messages of a batch`)),
      ...[
        'list price',
        'list price a million',
        `list price a million, ${PATIENT}`,
        'bill',
        'bill a million',
      ].map((what) => dollars(get(`${name}: ${what}`))),
    ]
  }
  return {
    title: `Months of events of ${USUAL_SIZE} that come evenly, everything included but ClickHouse`,
    columns: [
      ...['Million events a month', 'Events a request', 'Messages a batch', 'List price, $'],
      ...['List price a million, $', `The same where ${PATIENT}`, 'Bill, $', 'Bill a million, $'],
    ],
    rows: VOLUMES.flatMap((volume) =>
      MONTH_EVENTS.map((events) => [amount(volume), String(events), ...cells(volume, events)]),
    ),
  }
}

function peersGrid(get: Get): Grid {
  const volumes = VOLUMES.filter((volume) => volume <= 100)
  const each = (volume: number, value: number | undefined) =>
    dollars(value === undefined ? undefined : value / volume)
  return {
    title: 'Dollars a million events, by million events a month',
    columns: ['', ...volumes.map(String)],
    rows: [
      ...MONTH_EVENTS.map((events) => [
        `Millrace, ${events} events a request, the bill without ClickHouse`,
        ...volumes.map((volume) => dollars(get(`${NAMES.month(volume, usual(events))}: bill a million`))),
      ]),
      ...PEERS.map(({ name }) => [
        name,
        ...volumes.map((volume) => each(volume, get(NAMES.peer(volume, name)))),
      ]),
    ],
  }
}

function pricesGrid(get: Get): Grid {
  return {
    title: 'Cloudflare, list prices',
    columns: ['', 'Price, $', 'Unit', 'Included a month', 'Page'],
    rows: Object.values(PRICES).map(({ label, per, unit, source }) => [
      label,
      dollars(get(NAMES.listPrice(label))),
      per === 1 ? unit : `million ${unit}`,
      amount(get(NAMES.included(label))),
      source,
    ]),
  }
}

/** Three figures below a dollar, cents above; `–` where there is none. */
function dollars(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value === 0) return '0'
  if (value < 0.0005) return '<0.001'
  return value.toFixed(value < 1 ? 3 : 2)
}

function amount(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value !== 0 && Math.abs(value) < 0.1) return value.toPrecision(2)
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })
}
