/** The live page: puts its parts together. */

import { isLoopbackHost } from '@millrace/schemas/loopback'
import { createAnnouncer } from './announce.ts'
import { createBanner } from './banner.ts'
import { createBoard } from './board.ts'
import { BROWSER_EFFECTS } from './browser-effects.ts'
import { type Connection, type ConnectionStatus, createConnection } from './connection.ts'
import { DEVELOPMENT_SOURCE, fetchDevelopmentToken } from './development.ts'
import { button, find, setText } from './dom.ts'
import { countOf, formatDay, formatRate, toSentence } from './format.ts'
import { askWindows } from './live-request.ts'
import { readRate } from './panels/happening.ts'
import { readVisitors } from './panels/here.ts'
import { createAsk } from './query.ts'
import { askAgainAfter, type Range, readHash, writeHash } from './range.ts'
import { createRangePicker } from './range-picker.ts'
import { createSourcePicker, createTokenForm, nameOf } from './source-picker.ts'
import {
  addSource,
  giveSource,
  loadSources,
  nameSource,
  refuseSource,
  type SourceList,
  saveSources,
} from './sources.ts'
import { applyMessage, isEmpty, isQuiet, type LiveState, lacksDefinitions, serverNow } from './state.ts'
import { createStream } from './stream.ts'
import { applyTheme, loadTheme, nextTheme, saveTheme } from './theme.ts'
import { createTitle, NO_TITLE } from './title.ts'
import { showWelcome } from './welcome.ts'

/** Ages and spans go on though no message comes. */
const DRAW_EVERY_MS = 1_000

const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
const storage = readStorage()
const announce = createAnnouncer({
  say: (text) => setText(find('announcements'), text),
  now: Date.now,
})

let sources: SourceList = loadSources(storage)
let range: Range = readHash(location.hash)
let state: LiveState | undefined
let connection: Connection | undefined
let status: ConnectionStatus = { kind: 'connecting' }
let asking = new AbortController()
let askedAt = 0
let isDrawn = true
let isRefreshed = false
let welcomed = ''

const showTitle = createTitle({
  set: (title) => {
    document.title = title
  },
  now: Date.now,
})
const stream = createStream({ onTail: (tail) => connection?.setTail(tail), announce: announce.tell })
const board = createBoard({
  attention: find('attention-panels'),
  visitors: find('visitors-panels'),
  pipeline: find('pipeline-panels'),
  timeZone,
  onExample: stream.inspect,
})
find('stream-panels').append(stream.element)
const banner = createBanner(find('pill'), find('banner'), () => connection?.retry())
const picker = createSourcePicker(find('sources'), {
  list: sources,
  onChange: changeSources,
  check: checkToken,
  onToken: takeToken,
})
find('token-form').append(createTokenForm('token', takeToken))
createRangePicker(find('range'), range, changeRange)
startTheme()
new ResizeObserver(() => {
  document.documentElement.style.setProperty('--head', `${find('head').offsetHeight}px`)
}).observe(find('head'))

setInterval(() => {
  banner.tick(Date.now())
  requestDraw()
  askWhenDue()
}, DRAW_EVERY_MS)
document.addEventListener('visibilitychange', () => {
  connection?.setHidden(document.hidden)
  requestDraw()
  askWhenDue()
})
addEventListener('online', () => connection?.retry())
void begin()

async function begin(): Promise<void> {
  // What was shown last need not wait for what else there is.
  const isKnown = sources.chosen !== undefined
  if (isKnown) connect()
  await learnGiven()
  if (isKnown || sources.chosen !== undefined) return
  const [first] = sources.sources
  if (first === undefined) connect()
  else changeSources({ ...sources, chosen: first.token })
}

/** Lists the source that the collector gives to everyone, in development; it is shown only in the place of a token of its own. */
async function learnGiven(): Promise<void> {
  // Elsewhere there is none to expect, and no need to ask with each page.
  if (sources.chosen !== undefined && !isLoopbackHost(location.hostname)) return
  const token = await fetchDevelopmentToken()
  const isListed = sources.sources.some((source) => source.isGiven === true && source.token === token)
  if (token === undefined || isListed) return
  changeSources(giveSource(sources, token, DEVELOPMENT_SOURCE))
  showWays()
}

/** Shows the chosen source from its beginning. */
function connect(): void {
  connection?.close()
  asking.abort()
  connection = undefined
  isRefreshed = false
  state = undefined
  // What was said of another source is not true of this one.
  showStatus({ kind: 'connecting' })
  find('refusal').hidden = find('ways').hidden = true
  announce.clear()
  board.clear()
  stream.clear()
  const token = sources.chosen
  showView(token === undefined ? 'token' : 'loading')
  if (token === undefined) return
  connection = createConnection({
    origin: location.origin,
    token,
    tail: stream.tail(),
    effects: BROWSER_EFFECTS,
    isQuiet: () => state !== undefined && isQuiet(state),
    onMessage(message) {
      const before = state
      state = applyMessage(state, message, Date.now())
      if (state !== undefined && before?.source !== state.source) learnName(token, state.source)
      if (before === undefined) askAgain()
      // Once: a server that does not say what they are would be asked for ever.
      if (state !== undefined && message.type === 'change' && lacksDefinitions(state) && !isRefreshed) {
        isRefreshed = true
        connection?.refresh()
      }
      requestDraw()
    },
    onError: stream.refuse,
    onStatus(next) {
      showStatus(next)
      if (next.kind === 'refused') refuse(token, next.message)
      if (next.kind === 'lost' && state === undefined) showView('away')
      requestDraw()
      if (document.hidden) tellTitle()
    },
  })
  connection.setHidden(document.hidden)
}

function showStatus(next: ConnectionStatus): void {
  status = next
  banner.show(next)
  banner.tick(Date.now())
}

function learnName(token: string, name: string): void {
  sources = nameSource(sources, token, name)
  picker.show(sources)
  remember()
}

function changeSources(next: SourceList): void {
  const isOther = next.chosen !== sources.chosen
  sources = next
  picker.show(sources)
  remember()
  if (isOther) connect()
}

/** Tries it, also one that was tried before. */
function takeToken(token: string): void {
  sources = addSource(sources, token)
  picker.show(sources)
  remember()
  connect()
}

/** What is wrong with a token, as a sentence; `undefined` when it shows a source. What is shown goes on meanwhile. */
async function checkToken(token: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await askWindows({ origin: location.origin, token, effects: BROWSER_EFFECTS, signal })
  if (answer.kind === 'snapshot') return undefined
  return toSentence(answer.message ?? 'the server does not answer')
}

function remember(): void {
  saveSources(storage, sources)
}

function refuse(token: string, message: string): void {
  state = undefined
  const name = sources.sources.find((source) => source.token === token)?.name
  sources = refuseSource(sources, token)
  picker.show(sources)
  remember()
  showView('token')
  const whose = name === undefined ? '' : `The token of “${name}” is refused. `
  setText(find('refusal'), `${whose}${toSentence(message)}`)
  find('refusal').hidden = false
  showWays()
  // It may have been changed since the page was opened.
  void learnGiven()
}

/** After a token was refused: what else there is to show. */
function showWays(): void {
  if (find('refusal').hidden) return
  const { sources: known, chosen } = sources
  const others = known.flatMap((source, index) => {
    const show = () => changeSources({ ...sources, chosen: source.token })
    return source.token === chosen ? [] : [button(`Show “${nameOf(source, index)}”`, show)]
  })
  const again = chosen === undefined ? [] : [button('Try again with the same token', connect)]
  find('ways').replaceChildren(...again, ...others)
  find('ways').hidden = again.length + others.length === 0
}

function changeRange(next: Range): void {
  range = next
  history.replaceState(null, '', `${location.pathname}${location.search}${writeHash(range)}`)
  board.clear()
  askAgain()
  requestDraw()
}

function askWhenDue(): void {
  const now = Date.now()
  if (!document.hidden && now - askedAt >= askAgainAfter(range, formatDay(now))) askAgain()
}

function askAgain(): void {
  asking.abort()
  asking = new AbortController()
  askedAt = Date.now()
  const token = sources.chosen
  if (token === undefined || state === undefined) return
  void board.ask(range, createAsk(location.origin, token, fetch.bind(globalThis)), asking.signal)
}

/** Draws with the next frame; not at all while nobody sees it. */
function requestDraw(): void {
  if (!isDrawn || document.hidden) return
  isDrawn = false
  requestAnimationFrame(() => {
    isDrawn = true
    draw()
  })
}

function draw(): void {
  if (state === undefined || status.kind === 'refused') return
  const isWelcome = isEmpty(state) && range.kind === 'live'
  showView(isWelcome ? 'empty' : 'board')
  if (isWelcome) welcome(state)
  const now = shownNow(state)
  board.showLive(state, now, range)
  stream.show(state, { isPolling: status.kind === 'live' && status.by === 'polling' })
  tellTitle()
  if (status.kind === 'live' && !isWelcome) {
    const visitors = readVisitors(state, now)
    const words = `${countOf(visitors, 'visitor')} here, ${formatRate(readRate(state, now))} events a second.`
    announce.tellNumber(visitors, words)
  }
}

/** The server's clock; of what is stale the clock at its last message, so that it does not look as if it went on. */
function shownNow(known: LiveState): number {
  return status.kind === 'live' ? serverNow(known, Date.now()) : known.now
}

function tellTitle(): void {
  if (state === undefined || status.kind === 'refused') return
  const visitors = readVisitors(state, shownNow(state))
  showTitle({ kind: status.kind, source: state.source, visitors, isHidden: document.hidden })
}

function welcome({ source }: LiveState): void {
  if (welcomed === source) return
  welcomed = source
  const isGiven = sources.sources.some((known) => known.isGiven === true && known.token === sources.chosen)
  const writeKey = isGiven ? DEVELOPMENT_SOURCE : undefined
  showWelcome(find('welcome'), { origin: location.origin, source, writeKey })
}

function showView(view: 'token' | 'loading' | 'away' | 'empty' | 'board'): void {
  if (document.body.dataset['view'] === view) return
  document.body.dataset['view'] = view
  if (view === 'token' || view === 'loading') document.title = NO_TITLE
}

function startTheme(): void {
  let theme = loadTheme(storage)
  const toggle = find('theme')
  const show = () => {
    applyTheme(document.documentElement, theme)
    setText(find('theme-name'), { system: '◐ Auto', light: '○ Light', dark: '● Dark' }[theme])
    board.restyle()
  }
  toggle.addEventListener('click', () => {
    theme = nextTheme(theme)
    saveTheme(storage, theme)
    show()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', board.restyle)
  show()
}

/** `undefined` where a browser lets pages store nothing. */
function readStorage(): Storage | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}
