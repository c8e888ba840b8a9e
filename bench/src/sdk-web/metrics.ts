/** What is measured of each SDK: one column of the table each, with the bound that ours shall keep. */

import type { Aim, Measured } from '../measure.ts'

/** A column. */
export interface Metric {
  id: string
  /** What it is, in the results' file. */
  label: string
  /** Two short words for the table. */
  heading: string
  unit: string
  /** For `millrace`; source: the issue of the browser SDK. */
  aim?: Aim
}

/** A number with what it is a number of; `error` is there when the SDK could not be measured. */
export interface SdkMeasured extends Measured {
  sdk: string
  metric: string
  error?: string
}

const MAX_CORE_BYTES = 4_608

/** All of them, as the table has them. */
export const METRICS = [
  { id: 'gzip', label: 'bundle, gzip -9', heading: 'gzip B', unit: 'bytes' },
  { id: 'brotli', label: 'bundle, brotli', heading: 'brotli B', unit: 'bytes' },
  {
    id: 'published',
    label: "vendor's own minified file, gzip -9",
    heading: 'own gzip B',
    unit: 'bytes',
    aim: { atMost: MAX_CORE_BYTES },
  },
  { id: 'start', label: 'evaluate and start', heading: 'start ms', unit: 'ms', aim: { atMost: 4 } },
  { id: 'track50', label: 'track(), 50 calls', heading: '50: µs', unit: 'µs a call', aim: { atMost: 15 } },
  {
    id: 'track1000',
    label: 'track(), 1,000 calls',
    heading: '1,000: µs',
    unit: 'µs a call',
    aim: { atMost: 5 },
  },
  {
    id: 'allIn',
    label: 'main thread for 1,000 calls until it is quiet',
    heading: 'all-in ms',
    unit: 'ms',
    aim: { atMost: 80 },
  },
  {
    id: 'allInCpu',
    label: 'main thread for 1,000 calls, processor time',
    heading: 'of CPU',
    unit: 'ms',
  },
  {
    id: 'arrived',
    label: 'burst of 1,000 repeated: arrived within 5 s',
    heading: 'arrived',
    unit: 'events',
    aim: { atLeast: 1_000 },
  },
  {
    id: 'took',
    label: 'burst of 1,000 repeated: last arrival after',
    heading: 'took s',
    unit: 's',
    aim: { atMost: 5 },
  },
  {
    id: 'requests',
    label: 'burst of 1,000 repeated: requests',
    heading: 'requests',
    unit: 'requests',
    aim: { atMost: 20 },
  },
  {
    id: 'eventBytes',
    label: 'burst of 1,000 repeated: body bytes',
    heading: 'B/event',
    unit: 'bytes an event',
    aim: { atMost: 40 },
  },
  {
    id: 'headerBytes',
    label: 'burst of 1,000 repeated: header bytes',
    heading: '+ headers',
    unit: 'bytes an event',
  },
  {
    id: 'variedArrived',
    label: 'burst of 1,000 varied: arrived within 5 s',
    heading: 'varied',
    unit: 'events',
  },
  {
    id: 'variedBytes',
    label: 'burst of 1,000 varied: body bytes',
    heading: 'varied B/e',
    unit: 'bytes an event',
  },
] as const satisfies readonly Metric[]

/** Which metric. */
export type MetricId = (typeof METRICS)[number]['id']
