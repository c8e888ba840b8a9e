/** Says how the page stands to the server. */

import type { ConnectionStatus } from './connection.ts'
import { button, h, setText } from './dom.ts'
import { formatClock, formatSpan, toSentence } from './format.ts'

/** The pill in the header and the banner below it. */
export interface Banner {
  show: (status: ConnectionStatus) => void
  /** Counts down to the next try, and up from the last word. */
  tick: (now: number) => void
}

const PILLS: Record<ConnectionStatus['kind'], string> = {
  connecting: 'Connecting …',
  live: 'Live',
  silent: 'No word',
  lost: 'Disconnected',
  paused: 'Paused while hidden',
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
      const words = tellTrouble(next)
      banner.hidden = words === ''
      setText(text, words)
    },
    tick(now) {
      setText(wait, tellWait(status, now))
      if (status.kind === 'silent') setText(pill, `No word for ${formatSpan(now - status.since)}`)
    },
  }
}

/** Empty when there is none. */
function tellTrouble(status: ConnectionStatus): string {
  switch (status.kind) {
    case 'lost': {
      const why = status.why === undefined ? '' : ` ${toSentence(status.why)}`
      return `Disconnected since ${formatClock(status.since)}: what you see is from then.${why}`
    }
    case 'silent':
      return `Connected, but no word came since ${formatClock(status.since)}: what you see is from then.`
    default:
      return ''
  }
}

function tellWait(status: ConnectionStatus, now: number): string {
  if (status.kind !== 'lost') return ''
  const left = Math.max(0, status.retryAt - now)
  return left === 0 ? 'Trying …' : `Trying again in ${formatSpan(Math.ceil(left / 1_000) * 1_000)}.`
}
