/** "Where do visitors leave?": how many came to each step from a page to an order. */

import { h, setText } from '../dom.ts'
import { formatCount, formatShare } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable } from '../table.ts'
import { currentWindow, numberOf } from '../windows.ts'
import { lastSpan, storedBasis } from './bases.ts'

/** The events of the shipped window `funnel`, in the order of a purchase. */
export const STEPS: readonly { event: string; title: string }[] = [
  { event: 'page', title: 'Any page' },
  { event: 'Product Viewed', title: 'A product' },
  { event: 'Product Added', title: 'Into the cart' },
  { event: 'Checkout Started', title: 'To the checkout' },
  { event: 'Order Completed', title: 'Ordered' },
]

/** What is shown. */
export interface Funnel {
  steps: FunnelStep[]
  note: string
}

/** One step. */
export interface FunnelStep {
  title: string
  people: number
  fromFirst: number | null
  fromPrevious: number | null
  /** How many left before it; only of the step before which most did. */
  lost?: number
}

/** Of the live window, which counts each step by itself. */
export function readFunnel(state: LiveState, now: number): Shown<Funnel> {
  const window = currentWindow(state, 'funnel', now)
  if (window === undefined) return { model: undefined }
  const counts = STEPS.map(({ event }) => {
    const group = window.groups.find(({ key }) => key[0] === event)
    return numberOf(group, 'visitors') ?? 0
  })
  return {
    basis: lastSpan(window, state.watermark),
    model: { steps: withShares(counts), note: 'Visitors who did it, in any order.' },
  }
}

/** Of stored events, one step after the other. */
export function readFunnelAnswer([answer]: Answer[], range: Range): Shown<Funnel> {
  const place = answer?.columns?.indexOf('people') ?? -1
  const counts = (answer?.rows ?? []).map((row) => asNumber(row[place]))
  if (!counts.some((count) => count > 0)) return { model: undefined }
  return {
    basis: storedBasis(range),
    model: { steps: withShares(counts), note: 'People who did one after the other within a day.' },
  }
}

/** The panel. */
export function createFunnelPanel(timeZone: string): Panel {
  return createPanel({
    id: 'funnel',
    title: 'Where do visitors leave?',
    pastTitle: 'Where did visitors leave?',
    width: 4,
    empty: 'Nobody was on the way to an order in this time.',
    fromLive: readFunnel,
    questions: (range) => [
      {
        name: 'funnel',
        fields: [
          ...STEPS.map(({ event }) => ['step', event] as const),
          ...(range.kind === 'live' ? [] : askFor(range, timeZone)),
        ],
      },
    ],
    fromAnswers: readFunnelAnswer,
    mount(body) {
      const show = createTable(body, {
        caption: 'Steps to an order',
        columns: ['Step', 'Visitors', 'Of first', 'Of step before'],
      })
      const loss = h('p')
      const note = h('p', { class: 'hint' })
      body.append(loss, note)
      return ({ steps, note: words }) => {
        show(
          steps.map(({ title, people, fromFirst, fromPrevious, lost }) => ({
            label: title,
            values: [
              formatCount(people),
              formatShare(fromFirst),
              `${lost === undefined ? '' : '▼ '}${formatShare(fromPrevious)}`,
            ],
            share: Math.min(1, fromFirst ?? 0),
          })),
        )
        setText(loss, tellLoss(steps))
        setText(note, words)
      }
    },
  })
}

/** Where most leave, in a sentence; empty where nobody does. */
export function tellLoss(steps: readonly FunnelStep[]): string {
  const index = steps.findIndex(({ lost }) => lost !== undefined)
  const [before, after] = [steps[index - 1], steps[index]]
  if (before === undefined || after?.lost === undefined) return ''
  if (steps.slice(1).every(({ people }) => people === 0))
    return 'None of the later steps happened in this time.'
  const share = formatShare(after.lost / before.people)
  return `▼ Most leave between “${before.title}” and “${after.title}”: ${formatCount(after.lost)}, ${share} of them.`
}

function withShares(counts: readonly number[]): FunnelStep[] {
  const losses = counts.map((count, index) => (index === 0 ? 0 : (counts[index - 1] ?? 0) - count))
  const most = Math.max(...losses)
  const share = (here: number, of: number | undefined) => (of === undefined || of === 0 ? null : here / of)
  return counts.map((people, index) => ({
    title: STEPS[index]?.title ?? '',
    people,
    fromFirst: share(people, counts[0]),
    fromPrevious: index === 0 ? null : share(people, counts[index - 1]),
    ...(most > 0 && index === losses.indexOf(most) ? { lost: most } : {}),
  }))
}
