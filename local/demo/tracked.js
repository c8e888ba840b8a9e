/** Calls the Millrace snippet, and shows what was called in the drawer. */

const CLICKHOUSE_QUERY =
  'SELECT type, event, page_path, stream, seq FROM events FINAL ORDER BY received_at DESC, seq DESC LIMIT 10'

let count = 0

/** `millrace.page(category, name, properties)` @param {string} category @param {string} name @param {object} [properties] */
export function page(category, name, properties) {
  globalThis.millrace.page(category, name, properties)
  show('page', `${category} · ${name}`, properties)
}

/** `millrace.track(event, properties)` @param {string} event @param {object} [properties] */
export function track(event, properties) {
  globalThis.millrace.track(event, properties)
  show('track', event, properties)
}

/** `millrace.identify(userId, traits)` @param {string} userId @param {object} [traits] */
export function identify(userId, traits) {
  globalThis.millrace.identify(userId, traits)
  show('identify', userId, traits)
}

/** Makes the drawer's buttons work. */
export function startDrawer() {
  const drawer = find('#tracked')
  const toggle = find('#tracked-toggle')
  const setOpen = (/** @type {boolean} */ isOpen) => {
    drawer.hidden = !isOpen
    toggle.setAttribute('aria-expanded', String(isOpen))
    document.body.classList.toggle('has-drawer', isOpen)
    if (isOpen) find('#tracked-close').focus()
    else toggle.focus()
  }
  toggle.addEventListener('click', () => setOpen(drawer.hidden !== false))
  find('#tracked-close').addEventListener('click', () => setOpen(false))
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !drawer.hidden) setOpen(false)
  })

  void showQuery()
  const copy = find('#copy-query')
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(find('#query').textContent ?? '')
      copy.textContent = 'Copied'
    } catch {
      getSelection()?.selectAllChildren(find('#query')) // no clipboard on this page: ready for Ctrl-C
      copy.textContent = 'Selected'
    }
    setTimeout(() => {
      copy.textContent = 'Copy'
    }, 2_000)
  })
}

/** Shows the command that finds the events; the Worker knows where its ClickHouse is. */
async function showQuery() {
  const response = await fetch('/demo/clickhouse-url')
  const clickhouse = await response.text()
  find('#query').textContent =
    `curl '${clickhouse}/?database=millrace&default_format=PrettyCompact' --data '${CLICKHOUSE_QUERY}'`
}

/** @param {string} verb @param {string} name @param {object} [properties] */
function show(verb, name, properties) {
  count++
  find('#tracked-count').textContent = String(count)
  find('#tracked-empty').hidden = true

  const item = document.createElement('li')
  item.dataset.testid = 'tracked-call'
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  summary.append(
    text('span', verb, `verb ${verb}`),
    text('span', name, 'what'),
    text('time', new Date().toLocaleTimeString('en-GB'), 'when'),
  )
  details.append(summary, text('pre', JSON.stringify(properties ?? {}, null, 2), ''))
  item.append(details)
  find('#tracked-calls').prepend(item)
}

/** @param {string} tag @param {string} content @param {string} className */
function text(tag, content, className) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}

/** @param {string} selector @returns {HTMLElement} */
function find(selector) {
  const element = document.querySelector(selector)
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`)
  return element
}
