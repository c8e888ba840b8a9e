/** Reads the text that Prometheus reads, strictly, for tests: what Prometheus would refuse or misread throws. */

/** A metric as it was read. */
export interface ReadMetric {
  type: string
  help: string
  /** Values by name and labels as they are written: `millrace_watchers{source="shop"}`. */
  samples: Map<string, number>
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\[\\n])*)$/
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/g

/**
 * The metrics of a text by their names.
 *
 * @throws Error naming the line and the rule that it breaks
 */
export function readMetricsText(text: string): Map<string, ReadMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line must end in a line feed')
  const metrics = new Map<string, ReadMetric>()
  let current: { name: string; metric: ReadMetric } | undefined
  let help: { name: string; text: string } | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (rule: string): never => {
      throw new Error(`${rule}: ${line}`)
    }
    const [, helped, words = ''] = HELP.exec(line) ?? []
    const [, typed, type = ''] = TYPE.exec(line) ?? []
    if (helped !== undefined) {
      help = { name: helped, text: words }
    } else if (typed !== undefined) {
      if (metrics.has(typed)) fail('a metric stands in one place')
      if (help?.name !== typed) fail('help stands before the type')
      current = { name: typed, metric: { type, help: help?.text ?? '', samples: new Map() } }
      metrics.set(typed, current.metric)
    } else {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? fail('not a sample')
      if (current === undefined || !belongs(name, current)) fail('a sample stands below its type')
      const key = line.slice(0, line.lastIndexOf(' '))
      if (current?.metric.samples.has(key)) fail('a sample stands once')
      const names = [...labels.matchAll(LABEL)].map(([, label]) => label)
      if (new Set(names).size !== names.length) fail('a label stands once')
      const number = value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value)
      if (current?.metric.type === 'counter' && !(number >= 0)) fail('a counter is not negative')
      current?.metric.samples.set(key, number)
    }
  }
  for (const [name, metric] of metrics) checkMetric(name, metric)
  return metrics
}

function belongs(name: string, { name: family, metric }: { name: string; metric: ReadMetric }): boolean {
  if (metric.type !== 'histogram') return name === family
  return ['_bucket', '_sum', '_count'].some((suffix) => name === family + suffix)
}

function checkMetric(name: string, { type, samples }: ReadMetric): void {
  if (samples.size === 0) throw new Error(`${name} has no sample`)
  // Source: https://prometheus.io/docs/practices/naming/
  if ((type === 'counter') !== name.endsWith('_total'))
    throw new Error(`counters, and they alone, end in _total: ${name}`)
  if (type === 'histogram') checkHistogram(name, samples)
}

function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket`))
  const bounds = buckets.map(([key]) => /le="([^"]+)"/.exec(key)?.[1] ?? 'none')
  const numbers = bounds.map((bound) => (bound === '+Inf' ? Infinity : Number(bound)))
  const isAscending = (some: readonly number[]) =>
    some.every((value, i) => i === 0 || value >= (some[i - 1] ?? 0))
  if (numbers.at(-1) !== Infinity || !isAscending(numbers))
    throw new Error(`${name} has no bounds up to +Inf`)
  if (!isAscending(buckets.map(([, count]) => count))) throw new Error(`${name} is not cumulative`)
  if (buckets.at(-1)?.[1] !== samples.get(`${name}_count`))
    throw new Error(`${name}_count is not that of +Inf`)
  if (!samples.has(`${name}_sum`)) throw new Error(`${name} has no sum`)
}
