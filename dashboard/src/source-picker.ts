/** Chooses the source that is shown, and takes and forgets read tokens. */

import { button, h, setText } from './dom.ts'
import { forgetSource, type KnownSource, parseToken, type SourceList } from './sources.ts'

/** What a person does with sources. */
export interface SourcePickerOptions {
  list: SourceList
  /** Another one is chosen, or one is forgotten. */
  onChange: (list: SourceList) => void
  /** A token was entered, which may be one that is known. */
  onToken: (token: string) => void
}

/** A picker on the page. */
export interface SourcePicker {
  show: (list: SourceList) => void
}

/** Builds it in `parent`, with the dialog that it opens. */
export function createSourcePicker(
  parent: HTMLElement,
  { list, onChange, onToken }: SourcePickerOptions,
): SourcePicker {
  let current = list
  const select = h('select', { id: 'source', 'aria-label': 'Source' })
  const manage = button('Sources …', () => dialog.showModal(), { class: 'quiet' })
  const rows = h('ul', { class: 'sources' })
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'sources-title' },
    h('h2', { id: 'sources-title' }, 'Sources'),
    h(
      'p',
      { class: 'hint' },
      'Each read token shows one source. Tokens are kept in this browser until you forget them.',
    ),
    rows,
    createTokenForm('dialog-token', (token) => {
      dialog.close()
      onToken(token)
    }),
    h(
      'p',
      { class: 'actions' },
      button('Close', () => dialog.close()),
    ),
  )
  parent.append(select, manage, dialog)
  select.addEventListener('change', () => onChange({ ...current, chosen: select.value }))

  function show(next: SourceList): void {
    current = next
    const { sources, chosen } = next
    select.hidden = sources.length === 0
    select.replaceChildren(
      ...sources.map((source, index) => h('option', { value: source.token }, nameOf(source, index))),
    )
    select.value = chosen ?? ''
    rows.replaceChildren(
      ...sources.map((source, index) => {
        const name = nameOf(source, index)
        const forget = button('Forget', () => onChange(forgetSource(current, source.token)))
        forget.setAttribute('aria-label', `Forget the token of ${name}`)
        return h('li', {}, h('span', {}, name), forget)
      }),
    )
  }
  show(list)
  return { show }
}

/** A form that takes a read token. */
export function createTokenForm(id: string, onToken: (token: string) => void): HTMLFormElement {
  const input = h('input', { type: 'password', id, autocomplete: 'off', spellcheck: 'false', required: true })
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const form = h(
    'form',
    { class: 'token', novalidate: true },
    h('label', { for: id }, 'Read token'),
    input,
    h('button', { type: 'submit', class: 'primary' }, 'Show'),
    problem,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const token = parseToken(input.value)
    problem.hidden = token !== undefined
    setText(
      problem,
      token === undefined
        ? 'This cannot be a token: it has other characters than letters, digits and signs.'
        : '',
    )
    if (token === undefined) return
    input.value = ''
    onToken(token)
  })
  return form
}

function nameOf({ name }: KnownSource, index: number): string {
  return name ?? `Source ${index + 1}`
}
