/** Tables of what was measured, as Markdown. */

import { findLine, type ReadResults, type ResultLine } from './results.ts'

/** Columns of the survival table: name in the results, and as it is called. */
const SURVIVORS = [
  ['millrace', 'Millrace'],
  ['segment', 'Segment'],
  ['rudderstack', 'RudderStack'],
  ['posthog', 'PostHog'],
  ['snowplow', 'Snowplow'],
] as const

/** Its rows: a scenario, the events of each tab, and what it is in words. */
const SCENARIOS = [
  ['a tab closed right after', 50, 'the tab is closed right after 50 events'],
  ['5 tabs closed right after', 50, 'five tabs at once, 50 events each, all closed'],
  ['one event, then a page without the SDK', 1, 'one event on the way out to another page'],
  ['renderer killed after 500 ms: a tab', 50, 'the tab crashes half a second after 50 events'],
  ['offline, quit right after, started again: a tab', 50, 'offline, the browser is closed and opened again'],
  ['503 for 10 s: a tab', 50, 'the collector answers 503 for ten seconds'],
] as const

/** What arrived of what was sent in Chromium, ours and peers, in all repetitions. */
export function survivalTable(read: ReadResults): string {
  const { results } = read('sdk-survival')
  const rows = SCENARIOS.map(([scenario, events, words]) => {
    const cells = SURVIVORS.map(([sdk]) => survivalCell(results, sdk, scenario, events))
    return [words, ...cells]
  })
  return formatTable(['events that arrived, when …', ...SURVIVORS.map(([, title]) => title)], rows)
}

/** @throws Error when it was not played */
function survivalCell(results: readonly ResultLine[], sdk: string, scenario: string, events: number): string {
  const played = results.find(({ series }) => {
    if (series?.browser !== 'chromium' || series.sdk !== sdk) return false
    return series.scenario === scenario && series.events === events
  })
  if (played?.series === undefined)
    throw new Error(`bench/results/sdk-survival.json has not played ${scenario} of ${sdk}`)
  const sum = (field: 'sent' | 'arrived' | 'duplicates') =>
    (played.series?.outcomes ?? []).reduce((total, outcome) => total + outcome[field], 0)
  const doubled = sum('duplicates')
  return `${formatCount(sum('arrived'))} of ${formatCount(sum('sent'))}${doubled > 0 ? ` + ${formatCount(doubled)} twice` : ''}`
}

/** Bundles as a page loads them by default, ours and peers. */
const BUNDLES = [
  ['millrace/tiny', '`@millrace/web/tiny`'],
  ['plausible', 'Plausible'],
  ['millrace', '`@millrace/web`'],
  ['snowplow', 'Snowplow'],
  ['segment', 'Segment'],
  ['rudderstack', 'RudderStack'],
  ['posthog', 'PostHog'],
] as const

/** Bytes that a page loads. */
export function sizeTable(read: ReadResults): string {
  const results = read('sdk-web')
  const row = (name: (sdk: string) => string) =>
    BUNDLES.map(([sdk]) => formatKilobytes(findLine(results, name(sdk)).value))
  return formatTable(
    ['', ...BUNDLES.map(([, title]) => title)],
    [['bundled with its defaults, gzip', ...row((sdk) => `${sdk}: bundle, gzip -9`)]],
  )
}

/** `10,143,244`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** `7.8 KB`; thousands of bytes, as networks count. */
export function formatKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`
}

function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const rule = header.map((_title, index) => (index === 0 ? '---' : '---:'))
  return [header, rule, ...rows].map(line).join('')
}
