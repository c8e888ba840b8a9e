/** Picks the range of time: live, a span that ends now, or days. */

import { h, setText } from './dom.ts'
import { findMistake, LAST_SPANS, type Range } from './range.ts'

const NAMES: Record<string, string> = {
  live: 'Live',
  '1h': 'Last hour',
  '24h': '24 h',
  '7d': '7 d',
  '30d': '30 d',
  days: 'Custom',
}

/** Builds it in `parent`. */
export function createRangePicker(parent: HTMLElement, range: Range, onPick: (range: Range) => void): void {
  const inputs = ['live', ...LAST_SPANS, 'days'].map((value) => {
    const input = h('input', { type: 'radio', name: 'range', value, id: `range-${value}` })
    input.checked = value === (range.kind === 'last' ? range.span : range.kind)
    return input
  })
  const days = range.kind === 'days' ? range : { from: '', to: '' }
  const day = (name: string, value: string) =>
    h('input', {
      type: 'date',
      id: `range-${name}`,
      value,
      min: '1970-01-01',
      max: '2099-12-31',
      required: true,
    })
  const [from, to] = [day('from', days.from), day('to', days.to)]
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const form = h(
    'form',
    { class: 'days', novalidate: true, hidden: range.kind !== 'days' },
    h('span', { class: 'day' }, h('label', { for: from.id }, 'First day'), from),
    h('span', { class: 'day' }, h('label', { for: to.id }, 'Last day'), to),
    h('button', { type: 'submit' }, 'Show'),
    problem,
  )
  const fieldset = h(
    'fieldset',
    { class: 'segments' },
    h('legend', { class: 'unseen' }, 'Time'),
    ...inputs.map((input) => h('label', { for: input.id }, input, h('span', {}, NAMES[input.value] ?? ''))),
  )
  parent.append(fieldset, form)

  fieldset.addEventListener('change', (event) => {
    const value = (event.target as HTMLInputElement).value
    form.hidden = value !== 'days'
    const span = LAST_SPANS.find((candidate) => candidate === value)
    if (span !== undefined) onPick({ kind: 'last', span })
    else if (value === 'live') onPick({ kind: 'live' })
    else if (findMistake(from.value, to.value) === undefined) pickDays()
    // The focus stays: who comes by with the arrow keys goes on.
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const mistake = findMistake(from.value, to.value)
    problem.hidden = mistake === undefined
    setText(problem, mistake ?? '')
    if (mistake === undefined) pickDays()
  })

  function pickDays(): void {
    onPick({ kind: 'days', from: from.value, to: to.value })
  }
}
