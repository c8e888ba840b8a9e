/** Chooses the source that is shown, and takes and forgets read tokens. */

import { button, h, setText } from './dom.ts'
import { forgetSource, type KnownSource, parseToken, type SourceList } from './sources.ts'

/** What is wrong with a token, as a sentence; `undefined` when it shows a source. */
type CheckToken = (token: string, signal: AbortSignal) => Promise<string | undefined>

/** What a person does with sources. */
export interface SourcePickerOptions {
  list: SourceList
  /** Another one is chosen, or one is forgotten. */
  onChange: (list: SourceList) => void
  check: CheckToken
  /** A token was entered that shows a source, which may be one that is known. */
  onToken: (token: string) => void
}

/** A picker on the page. */
export interface SourcePicker {
  show: (list: SourceList) => void
}

/** Builds it in `parent`, with the dialog that it opens. */
export function createSourcePicker(
  parent: HTMLElement,
  { list, onChange, check, onToken }: SourcePickerOptions,
): SourcePicker {
  let current = list
  const select = h('select', { id: 'source', 'aria-label': 'Source' })
  const manage = button('Sources …', () => dialog.showModal(), { class: 'quiet' })
  const rows = h('ul', { class: 'sources' })
  const take = (token: string) => {
    dialog.close()
    onToken(token)
  }
  const form = createTokenForm('dialog-token', take, check)
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
    form,
    h(
      'p',
      { class: 'actions' },
      button('Close', () => dialog.close()),
    ),
  )
  dialog.addEventListener('close', () => form.reset())
  parent.append(select, manage, dialog)
  select.addEventListener('change', () => onChange({ ...current, chosen: select.value }))

  function show(next: SourceList): void {
    current = next
    const { sources, chosen } = next
    select.hidden = sources.length === 0
    select.replaceChildren(
      ...(chosen === undefined ? [h('option', { value: '', disabled: true }, 'Choose one')] : []),
      ...sources.map((source, index) => h('option', { value: source.token }, nameOf(source, index))),
    )
    select.value = chosen ?? ''
    rows.replaceChildren(
      ...sources.map((source, index) => {
        const name = nameOf(source, index)
        const forget = button('Forget', () => onChange(forgetSource(current, source.token)))
        forget.setAttribute('aria-label', `Forget the token of ${name}`)
        const given = h('span', { class: 'hint' }, 'given by the server')
        return h('li', {}, h('span', {}, name), source.isGiven === true ? given : forget)
      }),
    )
  }
  show(list)
  return { show }
}

/** A form that takes a read token; one that is wrong by `check` stays in it, with what is said of it. A reset ends a check. */
export function createTokenForm(
  id: string,
  onToken: (token: string) => void,
  check: CheckToken = async () => undefined,
): HTMLFormElement {
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
  let checking: AbortController | undefined

  function tell(text: string): void {
    problem.hidden = text === ''
    setText(problem, text)
  }

  async function submit(): Promise<void> {
    if (checking !== undefined) return
    const token = parseToken(input.value)
    if (token === undefined) {
      tell('This cannot be a token: it has other characters than letters, digits and signs.')
      return
    }
    tell('')
    checking = new AbortController()
    const { signal } = checking
    const wrong = await check(token, signal)
    if (signal.aborted) return
    checking = undefined
    tell(wrong ?? '')
    if (wrong !== undefined) return
    input.value = ''
    onToken(token)
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  form.addEventListener('reset', () => {
    checking?.abort()
    checking = undefined
    tell('')
  })
  return form
}

/** What a source is called, also before the server named it. */
export function nameOf({ name }: KnownSource, index: number): string {
  return name ?? `Source ${index + 1}`
}
