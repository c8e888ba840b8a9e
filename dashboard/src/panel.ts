/** The frame of a panel: its question, how sure its numbers are, and what stands there while there are none. */

import type { WindowState } from '@millrace/schemas/live'
import { button, h, setText } from './dom.ts'
import { formatMinute, toSentence } from './format.ts'
import { describeLateness } from './lateness.ts'
import type { Answer, Ask, Question } from './query.ts'
import type { Range } from './range.ts'
import type { LiveState } from './state.ts'

/** How sure numbers are; `stored` ones come from the warehouse. */
export type Sureness = WindowState | 'stored'

/** What numbers are made of, and how sure they are where that may change. */
export interface Basis {
  state?: Sureness
  /** What is provisional is so from then on: what came before is settled. Absent: all of it is. */
  since?: number
  /** Whether something of it was corrected after it was final, beside what is provisional. */
  isCorrected?: boolean
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

/** How sure numbers are, each as a mark and words, so that it needs no colour. */
export function marksOf(
  { state, since, isCorrected = false }: Basis,
  late?: string,
): { kind: string; words: string }[] {
  const from = since === undefined ? '' : `from ${formatMinute(since)} `
  return [
    ...(state === undefined ? [] : [{ kind: state, words: `${from}${BASIS_WORDS[state]}` }]),
    ...(isCorrected ? [{ kind: 'corrected', words: BASIS_WORDS.corrected }] : []),
    ...(late === undefined ? [] : [{ kind: 'late', words: late }]),
  ]
}

/** Builds a panel. */
export function createPanel<Model>(spec: PanelSpec<Model>): Panel {
  const title = h('h3', { id: `${spec.id}-title`, tabindex: -1 }, spec.title)
  const basisText = h('span')
  const basisMarks = h('span', { class: 'marks' })
  const basis = h('p', { class: 'basis', hidden: true }, basisText, basisMarks)
  const note = h('p', { class: 'note' }, 'Waiting for the first numbers …')
  let askAgain: (() => void) | undefined
  const again = button('Try again', () => askAgain?.(), { class: 'again', hidden: true })
  const body = h('div', { class: 'body', hidden: true })
  const element = h(
    'section',
    { class: `panel w${spec.width}`, id: spec.id, 'aria-labelledby': title.id },
    h('header', {}, title, basis),
    note,
    again,
    body,
  )
  const show = spec.mount(body)
  let hasShown = false
  let markedAs = ''

  function showAll({ basis: made, model }: Shown<Model>, late?: string): void {
    basis.hidden = made === undefined || model === undefined
    if (made !== undefined) {
      setText(basisText, made.text)
      element.dataset['basis'] = made.state ?? ''
      const marks = marksOf(made, late)
      const next = marks.map(({ words }) => words).join()
      if (markedAs !== next) {
        basisMarks.replaceChildren(
          ...marks.map(({ kind, words }) => h('span', { class: `mark ${kind}` }, words)),
        )
        markedAs = next
      }
    }
    hasShown = model !== undefined
    body.hidden = !hasShown
    note.hidden = hasShown
    offerAgain(false)
    note.className = 'note'
    setText(note, spec.empty)
    if (model !== undefined) show(model)
  }

  function say(text: string, kind: 'note' | 'note problem'): void {
    note.hidden = false
    offerAgain(kind !== 'note')
    note.className = kind
    setText(note, text)
  }

  function offerAgain(isOffered: boolean): void {
    // A button that goes away leaves the focus in the panel.
    if (!isOffered && document.activeElement === again) title.focus()
    again.hidden = !isOffered
  }

  const panel: Panel = {
    element,
    asks: (range) => spec.questions !== undefined && (range.kind !== 'live' || spec.fromLive === undefined),
    showLive(state, now) {
      setText(title, spec.title)
      if (spec.fromLive !== undefined) showAll(spec.fromLive(state, now))
    },
    async ask(range, ask, signal) {
      setText(title, range.kind === 'live' ? spec.title : (spec.pastTitle ?? spec.title))
      const questions = spec.questions?.(range) ?? []
      askAgain = () => {
        say('Asking …', 'note')
        void panel.ask(range, ask, signal)
      }
      element.setAttribute('aria-busy', 'true')
      if (!hasShown) say('Asking …', 'note')
      try {
        const answers = await Promise.all(questions.map((question) => ask(question, signal)))
        if (!signal.aborted && spec.fromAnswers !== undefined)
          showAll(spec.fromAnswers(answers, range), describeLateness(questions, answers))
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
  return panel
}
