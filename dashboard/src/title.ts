/** What the tab is called: how many are here, or how the page stands to the server where that matters more. */

import type { ConnectionStatus } from './connection.ts'
import { formatCount } from './format.ts'

/** How often the number changes in a tab that nobody sees. */
export const HIDDEN_EVERY_MS = 10_000

/** While there is nothing to say. */
export const NO_TITLE = 'Dashboard · Millrace'

/** What the title is made of. */
export interface TitleFacts {
  kind: ConnectionStatus['kind']
  source: string
  visitors: number
  isHidden: boolean
}

/** What setting it needs. */
export interface TitleEffects {
  set: (title: string) => void
  now: () => number
}

const INSTEAD: Partial<Record<ConnectionStatus['kind'], string>> = {
  lost: 'Disconnected',
  silent: 'No word',
  paused: 'Paused',
}

/** A function that shows new facts: a change of how it stands at once, a number at most every {@link HIDDEN_EVERY_MS} while hidden. */
export function createTitle({ set, now }: TitleEffects): (facts: TitleFacts) => void {
  let setAt = Number.NEGATIVE_INFINITY
  let shown: TitleFacts | undefined
  return (facts) => {
    const isSame = shown?.kind === facts.kind && shown.source === facts.source
    if (facts.isHidden && isSame && now() - setAt < HIDDEN_EVERY_MS) return
    shown = facts
    setAt = now()
    set(titleOf(facts))
  }
}

function titleOf({ kind, source, visitors }: TitleFacts): string {
  return `${INSTEAD[kind] ?? `${formatCount(visitors)} here`} · ${source} · Millrace`
}
