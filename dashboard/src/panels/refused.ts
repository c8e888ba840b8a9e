/** "What was refused?": events in quarantine by reason, with examples, and those that were left out on purpose. Always live. */

import type { TailEvent } from '@millrace/schemas/live'
import { button, h } from '../dom.ts'
import { countOf, formatClock, formatCount, shorten } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { nameReason } from '../reasons.ts'
import { eventKey, exampleKey, type LiveState } from '../state.ts'

/** Longest texts of an example, which tells itself what it is called; all of them are in the inspector. */
const MAX_NAME = 60
const MAX_MESSAGE = 160

/** A reason, how often, and the latest events that have it. */
export interface RefusedReason {
  reason: string
  count: number
  examples: TailEvent[]
}

/** What is shown. */
export interface Refused {
  quarantined: RefusedReason[]
  /** Left out: no consent, bots. */
  omitted: RefusedReason[]
}

/** Of health, with the latest examples. Most frequent first. */
export function readRefused({ health, examples }: LiveState): Shown<Refused> {
  const list = (counts: Record<string, number>, status: TailEvent['status']): RefusedReason[] => {
    const reasons = Object.entries(counts).filter(([, count]) => count > 0)
    return reasons
      .sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
      .map(([reason, count]) => ({
        reason,
        count,
        examples: [...(examples.get(exampleKey(status, reason)) ?? [])].reverse(),
      }))
  }
  const model = {
    quarantined: list(health.quarantined, 'quarantined'),
    omitted: list(health.omitted, 'filtered'),
  }
  const isNone = model.quarantined.length === 0 && model.omitted.length === 0
  return { basis: { text: 'last 5 min' }, model: isNone ? undefined : model }
}

/** The panel; `onExample` is told which event somebody wants to look at. */
export function createRefusedPanel(onExample: (event: TailEvent) => void): Panel {
  return createPanel({
    id: 'refused',
    title: 'What was refused?',
    width: 6,
    empty: 'Nothing was refused in the last 5 minutes.',
    fromLive: readRefused,
    mount(body) {
      let shown = ''
      return (model) => {
        // Buttons that somebody may be about to press are built anew only for a reason.
        const next = JSON.stringify([model.quarantined, model.omitted].map((list) => list.map(identify)))
        if (next === shown) return
        shown = next
        const focused =
          document.activeElement instanceof HTMLElement ? document.activeElement.dataset['event'] : undefined
        body.replaceChildren(
          ...model.quarantined.map((reason) => reasonItem(reason, onExample)),
          ...(model.omitted.length === 0 ? [] : [h('h4', {}, 'Left out on purpose')]),
          ...model.omitted.map((reason) => reasonItem(reason, onExample)),
        )
        if (focused !== undefined) {
          const again = [...body.querySelectorAll('button')].find(
            ({ dataset }) => dataset['event'] === focused,
          )
          again?.focus()
        }
      }
    },
  })
}

function identify({ reason, count, examples }: RefusedReason): unknown {
  return [reason, count, examples.map(eventKey)]
}

function reasonItem(
  { reason, count, examples }: RefusedReason,
  onExample: (event: TailEvent) => void,
): HTMLElement {
  const words = h('p', {}, h('strong', {}, nameReason(reason)), ' ', h('code', {}, reason))
  const number = h('span', { class: 'number', title: countOf(count, 'event') }, formatCount(count))
  const list = h(
    'ul',
    {},
    ...examples.map((event) => {
      const what = shorten(event.event || event.type || 'an event', MAX_NAME)
      const where = event.path === undefined || event.path === '' ? '' : ` ${shorten(event.path, MAX_NAME)}:`
      const look = button(`${formatClock(event.receivedAt)} ${what}`, () => onExample(event), {
        class: 'link',
        'data-event': eventKey(event),
      })
      return h('li', {}, look, `${where} ${shorten(event.message ?? '', MAX_MESSAGE)}`)
    }),
  )
  return h('div', { class: 'reason' }, number, h('div', {}, words, examples.length === 0 ? undefined : list))
}
