/** "What needs attention?": monitors, those that fire first. Always live. */

import type { MonitorStatus } from '@millrace/schemas/live'
import { h } from '../dom.ts'
import { countOf, formatCount, formatMoment, formatSpan, toSentence } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { sortMonitors } from '../pipeline.ts'
import type { LiveState } from '../state.ts'

const STATES: Record<MonitorStatus['state'], string> = { firing: 'firing', unknown: 'not known', ok: 'ok' }

/** Keys of a monitor that are shown. */
const MAX_KEYS = 8

/** A monitor as it is shown. */
export type ShownMonitor = MonitorStatus & { sinceMs: number }

/** Of the monitors; `undefined` when none are configured. */
export function readAttention({ monitors }: LiveState, now: number): Shown<ShownMonitor[]> {
  if (monitors.length === 0) return { model: undefined }
  return {
    model: sortMonitors(monitors).map((monitor) => ({
      ...monitor,
      sinceMs: Math.max(0, now - monitor.since),
    })),
  }
}

/** The panel. */
export function createAttentionPanel(): Panel {
  return createPanel({
    id: 'attention',
    title: 'What needs attention?',
    width: 12,
    empty:
      'No monitor watches this source. Those that millrace.config.ts has for it appear within a minute of the start.',
    fromLive: readAttention,
    mount(body) {
      const list = h('ul', { class: 'monitors' })
      body.append(list)
      let shown = ''
      return (monitors) => {
        const next = JSON.stringify(monitors.map((monitor) => ({ ...monitor, sinceMs: sinceText(monitor) })))
        if (next === shown) return
        shown = next
        list.replaceChildren(...monitors.map(monitorItem))
      }
    },
  })
}

/** Whom or what it concerns: the first of them, and how many more there are. */
export function shownKeys({ keys, more = 0 }: Pick<MonitorStatus, 'keys' | 'more'>): {
  keys: string[]
  more: string
} {
  const left = Math.max(0, keys.length - MAX_KEYS) + more
  return { keys: keys.slice(0, MAX_KEYS), more: left === 0 ? '' : `and ${formatCount(left)} more` }
}

/** What webhooks were not told, a sentence each. */
export function tellUndelivered({ undelivered = [] }: Pick<MonitorStatus, 'undelivered'>): string[] {
  return undelivered.map(({ webhook, at, count, error }) => {
    const when = formatMoment(at).slice(0, 16)
    return `Webhook ${webhook} was not told of ${countOf(count, 'change')}, last at ${when}: ${toSentence(error)}`
  })
}

function monitorItem(monitor: ShownMonitor): HTMLElement {
  const { title, state, message } = monitor
  const { keys, more } = shownKeys(monitor)
  return h(
    'li',
    { class: state },
    h('span', { class: `state ${state}` }, STATES[state]),
    h(
      'div',
      {},
      h('p', {}, h('strong', {}, title), h('span', { class: 'since' }, ` for ${sinceText(monitor)}`)),
      h('p', {}, message),
      keys.length === 0 && more === ''
        ? undefined
        : h('p', { class: 'keys' }, ...keys.map((key) => h('code', {}, key)), more),
      ...tellUndelivered(monitor).map((sentence) => h('p', { class: 'undelivered' }, sentence)),
    ),
  )
}

/** By the minute, so that it does not change all the time. */
function sinceText({ sinceMs }: ShownMonitor): string {
  return sinceMs < 60_000 ? 'less than a minute' : formatSpan(Math.floor(sinceMs / 60_000) * 60_000)
}
