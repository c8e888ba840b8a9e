/** Draws "Do the books close?": the verdict, the sum, a strip of hours, what never came, and behind a summary all numbers. */

import { h } from '../dom.ts'
import { formatExact, formatMinute, formatMoment, formatShortDay, nameTimes } from '../format.ts'
import { createPanel, type Panel } from '../panel.ts'
import { askFor } from '../range.ts'
import { nameReason } from '../reasons.ts'
import { type Books, LIVE_BOOKS, readBooks, type Step } from './books.ts'

/** The panel. */
export function createBooksPanel(timeZone: string): Panel {
  return createPanel({
    id: 'books',
    title: 'Do the books close?',
    pastTitle: 'Did the books close?',
    width: 12,
    empty: 'Nothing was received in this time, so there is nothing to explain.',
    questions: (range) => [
      { name: 'books', fields: askFor(range.kind === 'live' ? LIVE_BOOKS : range, timeZone) },
    ],
    fromAnswers: readBooks,
    mount: mountBooks,
  })
}

function mountBooks(body: HTMLElement): (model: Books) => void {
  const verdict = h('ul')
  const sum = h('p', { class: 'sum' })
  const strip = h('div', { class: 'strip', 'aria-hidden': 'true' })
  const axis = h('p', { class: 'axis', 'aria-hidden': 'true' })
  const gaps = h('p', { class: 'gaps' })
  const inner = h('div', { class: 'books' })
  const details = h('details', { class: 'numbers' }, h('summary', {}, 'Show the numbers'), inner)
  body.append(verdict, sum, strip, axis, h('h4', {}, 'What never came'), gaps, details)
  let shown = ''
  let filled = ''
  let latest: Books | undefined
  // Built when it is looked at, and anew only when it changed: somebody may be scrolling there.
  const fillDetails = () => {
    if (latest === undefined || !details.open || filled === shown) return
    filled = shown
    inner.replaceChildren(...detailsOf(latest))
  }
  details.addEventListener('toggle', fillDetails)
  return (model) => {
    const next = JSON.stringify(model)
    if (next === shown) return
    shown = next
    latest = model
    verdict.className = `verdict ${model.verdict.kind}`
    verdict.replaceChildren(...model.verdict.sentences.map((sentence) => h('li', {}, sentence)))
    sum.replaceChildren(...sumOf(model))
    strip.replaceChildren(...barsOf(model.steps))
    axis.replaceChildren(...axisOf(model.steps))
    gaps.textContent = model.gaps.join(' ')
    fillDetails()
  }
}

/** `12,345 received = 12,300 stored + 45 copies`, each part on one line. */
function sumOf({ received, parts }: Books): (Node | string)[] {
  const term = (sign: string, count: number, words: string, isBad = false) =>
    h('span', { class: isBad ? 'bad' : undefined }, sign, h('b', {}, formatExact(count)), ` ${words}`)
  return [
    term('', received, 'received'),
    ...parts.flatMap(({ count, words, isBad }, index) => [
      ' ',
      term(index === 0 ? '= ' : '+ ', count, words, isBad),
    ]),
  ]
}

/** A bar for each hour or day: as high as what was received, with what is missing or on its way on top. */
function barsOf(steps: readonly Step[]): HTMLElement[] {
  const most = Math.max(1, ...steps.map(({ received }) => received))
  return steps.map(({ received, inFlight, missing }) => {
    const bar = h('span', { class: missing > 0 ? 'bad' : inFlight > 0 ? 'waits' : undefined })
    // Through the object model, which the content security policy permits. What is missing is seen, however little.
    bar.style.height = `${Math.max(received > 0 ? 6 : 0, missing > 0 ? 30 : 0, (received / most) * 100)}%`
    return bar
  })
}

/** First and last, with their day: a strip of a day begins and ends at the same clock. Between them how high the highest is. */
function axisOf(steps: readonly Step[]): HTMLElement[] {
  const times = steps.map(({ time }) => time)
  const isDays = (times[1] ?? 0) - (times[0] ?? 0) >= 20 * 3_600_000
  const most = Math.max(0, ...steps.map(({ received }) => received))
  const name = (time: number | undefined) =>
    time === undefined ? '' : `${formatShortDay(time)}${isDays ? '' : ` ${formatMinute(time)}`}`
  const highest = `at most ${formatExact(most)} in ${isDays ? 'a day' : 'an hour'}`
  return [name(times[0]), highest, name(times.at(-1))].map((text) => h('span', {}, text))
}

function detailsOf({ steps, streams, reasons, stores }: Books): HTMLElement[] {
  const names = nameTimes(steps.map(({ time }) => time))
  const rows = steps
    .map((step, index) => [step, names[index] ?? ''] as const)
    .filter(([{ received }]) => received > 0)
    .reverse()
    .map(([{ received, stored, inFlight, missing }, name]) => [
      name,
      ...[received, stored, received - stored - inFlight - missing, inFlight, missing].map(formatExact),
    ])
  return [
    ...(streams.length === 0
      ? []
      : [
          h('h4', {}, 'Streams with gaps'),
          table(
            'Streams with gaps',
            ['Stream', 'Never came', 'Dropped by the client', 'Last number', 'Last heard'],
            streams.map((gap) => [
              gap.stream,
              gap.missing,
              gap.dropped,
              gap.tail,
              formatMoment(gap.lastReceivedAt).slice(0, 16),
            ]),
          ),
        ]),
    h('h4', {}, 'Over time'),
    table('Over time', ['Time', 'Received', 'Stored', 'Otherwise', 'On their way', 'Missing'], rows),
    h(
      'div',
      { class: 'reasons' },
      ...reasons.map(({ title, counts, areReasons }) =>
        h('div', {}, h('h4', {}, title), reasonTable(title, counts, areReasons)),
      ),
    ),
    h('h4', {}, 'Other stores'),
    ...stores.map((sentence) => h('p', {}, sentence)),
  ]
}

function reasonTable(title: string, counts: Record<string, number>, areReasons: boolean): HTMLElement {
  const rows = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => [areReasons ? nameReason(name) : name.replaceAll('_', ' '), formatExact(count)])
  return table(title, ['Reason', areReasons ? 'Events' : 'Requests'], rows)
}

/** A table that scrolls for itself. */
function table(name: string, columns: readonly string[], rows: readonly string[][]): HTMLElement {
  return h(
    'div',
    { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': name },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, name),
      h('thead', {}, h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column)))),
      h(
        'tbody',
        {},
        ...rows.map(([first = '', ...cells]) =>
          h('tr', {}, h('th', { scope: 'row' }, first), ...cells.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
  )
}
