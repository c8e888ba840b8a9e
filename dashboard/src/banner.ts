/** Says how the page stands to the server. */

import type { ConnectionStatus } from './connection.ts'
import { button, h, setText } from './dom.ts'
import { formatClock, formatSpan, toSentence } from './format.ts'

/** The pill in the header and the banner below it. */
export interface Banner {
  show: (status: ConnectionStatus) => void
  /** Counts down to the next try. */
  tick: (now: number) => void
}

const PILLS: Record<ConnectionStatus['kind'], string> = {
  connecting: 'Connecting …',
  live: 'Live',
  lost: 'Disconnected',
  refused: 'Refused',
}

/** Builds both in these elements. */
export function createBanner(pill: HTMLElement, banner: HTMLElement, onRetry: () => void): Banner {
  let status: ConnectionStatus = { kind: 'connecting' }
  const text = h('span', { role: 'alert' })
  const wait = h('span', { 'aria-hidden': 'true' })
  banner.append(h('p', {}, text, ' ', wait), button('Try now', onRetry))
  return {
    show(next) {
      status = next
      pill.dataset['kind'] = next.kind
      setText(pill, next.kind === 'live' && next.by === 'polling' ? 'Live, every 2 s' : PILLS[next.kind])
      banner.hidden = next.kind !== 'lost'
      document.body.toggleAttribute('data-stale', next.kind === 'lost')
      if (next.kind !== 'lost') return setText(text, '')
      const why = next.why === undefined ? '' : ` ${toSentence(next.why)}`
      setText(text, `Disconnected since ${formatClock(next.since)}: what you see is from then.${why}`)
    },
    tick(now) {
      if (status.kind !== 'lost') return setText(wait, '')
      const left = Math.max(0, status.retryAt - now)
      setText(
        wait,
        left === 0 ? 'Trying …' : `Trying again in ${formatSpan(Math.ceil(left / 1_000) * 1_000)}.`,
      )
    },
  }
}
