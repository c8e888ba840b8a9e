/** "What needs attention?": monitors, those that fire first. Always live. */

import type { MonitorStatus } from '@millrace/schemas/live'
import { h } from '../dom.ts'
import { formatSpan } from '../format.ts'
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
    empty: 'No monitors are configured.',
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

function monitorItem(monitor: ShownMonitor): HTMLElement {
  const { title, state, message, keys } = monitor
  const more = keys.length > MAX_KEYS ? ` and ${keys.length - MAX_KEYS} more` : ''
  return h(
    'li',
    { class: state },
    h('span', { class: `state ${state}` }, STATES[state]),
    h(
      'div',
      {},
      h('p', {}, h('strong', {}, title), h('span', { class: 'since' }, ` for ${sinceText(monitor)}`)),
      h('p', {}, message),
      keys.length === 0
        ? undefined
        : h('p', { class: 'keys' }, ...keys.slice(0, MAX_KEYS).map((key) => h('code', {}, key)), more),
    ),
  )
}

/** By the minute, so that it does not change all the time. */
function sinceText({ sinceMs }: ShownMonitor): string {
  return sinceMs < 60_000 ? 'less than a minute' : formatSpan(Math.floor(sinceMs / 60_000) * 60_000)
}
