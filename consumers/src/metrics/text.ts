/**
 * The text that Prometheus reads, version 0.0.4. Knows the format, not what is measured. Source:
 * https://prometheus.io/docs/instrumenting/exposition_formats/, checked November 2026.
 */

/** One value of a metric. */
export interface Sample {
  labels?: Readonly<Record<string, string>>
  value: number
  /** What a histogram puts behind the name: `_bucket`, `_sum`, `_count`. Default none. */
  suffix?: '_bucket' | '_sum' | '_count'
}

/** A metric: all its samples stand together. */
export interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  samples: readonly Sample[]
}

/** The text of metrics, those without a sample left out: what is not known is not 0. */
export function encodeMetrics(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map((sample) => encodeSample(name, sample))
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
    })
    .join('')
}

function encodeSample(name: string, { labels = {}, value, suffix }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${suffix ?? ''}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${encodeNumber(value)}`
}

function encodeNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
