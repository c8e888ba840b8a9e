/** The frame of a panel: its question, how sure its numbers are, and what stands there while there are none. */

import type { WindowState } from '@millrace/schemas/live'
import { h, setText } from './dom.ts'
import { toSentence } from './format.ts'
import type { Answer, Ask, Question } from './query.ts'
import type { Range } from './range.ts'
import type { LiveState } from './state.ts'

/** How sure numbers are; `stored` ones come from the warehouse. */
export type Sureness = WindowState | 'stored'

/** What numbers are made of, and how sure they are where that may change. */
export interface Basis {
  state?: Sureness
  /** Which time: `last 30 min`. */
  text: string
}

/** What a panel shows; `undefined` where there is nothing to show yet. */
export interface Shown<Model> {
  basis?: Basis
  model: Model | undefined
}

/** What makes a panel. */
export interface PanelSpec<Model> {
  id: string
  /** A question: of now, and of a range that is over. */
  title: string
  pastTitle?: string
  /** Columns of the grid, of 12. */
  width: 3 | 4 | 6 | 8 | 9 | 12
  /** What stands there when there is nothing. */
  empty: string
  /** Of the live windows; absent for panels that always ask. */
  fromLive?: (state: LiveState, now: number) => Shown<Model>
  /** What to ask for a range; absent for panels that are always live. */
  questions?: (range: Range) => Question[]
  /** The answers to it, in order. */
  fromAnswers?: (answers: Answer[], range: Range) => Shown<Model>
  /** Builds the content once; the function that is returned shows a model in it. */
  mount: (body: HTMLElement) => (model: Model) => void
}

/** A panel of the page. */
export interface Panel {
  element: HTMLElement
  /** Whether it shows the range that is picked by asking for it. */
  asks: (range: Range) => boolean
  showLive: (state: LiveState, now: number) => void
  /** Asks and shows the answers, or why there are none. Never rejects. */
  ask: (range: Range, ask: Ask, signal: AbortSignal) => Promise<void>
  /** Forgets what it shows. */
  clear: () => void
}

const BASIS_WORDS: Record<Sureness, string> = {
  provisional: 'still counting',
  final: 'final',
  corrected: 'corrected',
  stored: 'stored',
}

/** How sure numbers are, as a mark and a word, so that it needs no colour. */
export function basisMark(state: Sureness): HTMLElement {
  return h('span', { class: `mark ${state}` }, BASIS_WORDS[state])
}

/** Builds a panel. */
export function createPanel<Model>(spec: PanelSpec<Model>): Panel {
  const title = h('h3', { id: `${spec.id}-title` }, spec.title)
  const basisText = h('span')
  const basisState = h('span')
  const basis = h('p', { class: 'basis', hidden: true }, basisText, basisState)
  const note = h('p', { class: 'note' }, 'Waiting for the first numbers …')
  const body = h('div', { class: 'body', hidden: true })
  const element = h(
    'section',
    { class: `panel w${spec.width}`, id: spec.id, 'aria-labelledby': title.id },
    h('header', {}, title, basis),
    note,
    body,
  )
  const show = spec.mount(body)
  let hasShown = false

  function showAll({ basis: made, model }: Shown<Model>): void {
    basis.hidden = made === undefined || model === undefined
    if (made !== undefined) {
      setText(basisText, made.text)
      const { state = '' } = made
      if (element.dataset['basis'] !== state) {
        basisState.replaceChildren(...(state === '' ? [] : [basisMark(state)]))
        element.dataset['basis'] = state
      }
    }
    hasShown = model !== undefined
    body.hidden = !hasShown
    note.hidden = hasShown
    note.className = 'note'
    setText(note, spec.empty)
    if (model !== undefined) show(model)
  }

  function say(text: string, kind: 'note' | 'note problem'): void {
    note.hidden = false
    note.className = kind
    setText(note, text)
  }

  return {
    element,
    asks: (range) => spec.questions !== undefined && (range.kind !== 'live' || spec.fromLive === undefined),
    showLive(state, now) {
      setText(title, spec.title)
      if (spec.fromLive !== undefined) showAll(spec.fromLive(state, now))
    },
    async ask(range, ask, signal) {
      setText(title, range.kind === 'live' ? spec.title : (spec.pastTitle ?? spec.title))
      const questions = spec.questions?.(range) ?? []
      element.setAttribute('aria-busy', 'true')
      if (!hasShown) say('Asking …', 'note')
      try {
        const answers = await Promise.all(questions.map((question) => ask(question, signal)))
        if (!signal.aborted && spec.fromAnswers !== undefined) showAll(spec.fromAnswers(answers, range))
      } catch (error) {
        if (signal.aborted) return
        const why = error instanceof Error ? error.message : String(error)
        // What was shown before stays, with the reason above it.
        say(`No answer. ${toSentence(why)}`, 'note problem')
      } finally {
        if (!signal.aborted) element.removeAttribute('aria-busy')
      }
    },
    clear() {
      hasShown = false
      body.hidden = true
      basis.hidden = true
      delete element.dataset['basis']
      element.removeAttribute('aria-busy')
      say('Waiting for the first numbers …', 'note')
    },
  }
}
