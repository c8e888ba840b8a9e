/** Ties the parts of the SDK to the page: when to number, store and send, and what follows from consent. */

import type { JsonObject } from '@millrace/schemas/wire'
import { BATCH_PATH } from '@millrace/schemas/wire'
import type { Consent, DropReason, Middleware } from './api.ts'
import { attempt } from './attempt.ts'
import { createBatchFormer } from './batch.ts'
import type { CallTarget, Emitter } from './client.ts'
import { CLOCK } from './clock.ts'
import { createConsent } from './consent.ts'
import { readContext } from './context.ts'
import { createDelivery } from './delivery.ts'
import type { Person } from './identity.ts'
import { mintId } from './ids.ts'
import { createKeeping } from './keeping.ts'
import type { Settings } from './options.ts'
import type { PageState } from './page-lifecycle.ts'
import { watchPage } from './page-lifecycle.ts'
import type { Call } from './recorder.ts'
import { createRecorder } from './recorder.ts'
import type { Stamp } from './stamp.ts'
import { createTabs } from './tabs.ts'
import { createTransport, gzip } from './transport.ts'
import { createViews, watchViews } from './views.ts'

/** How long after it starts a page looks for what other pages left, so that it does not slow the page's own start. */
const ADOPT_DELAY_MS = 100

/** How often a page that stays open looks again. */
const ADOPT_INTERVAL_MS = 60_000

/** What becomes of a client's calls. */
export interface Page extends CallTarget {
  /** Takes what the visitor allows; it holds once what was recorded before has its numbers. */
  decide(consent: Consent): void
  /** Numbers what was recorded and sends what waits; resolves when all was answered or a retry has to be waited for. */
  send(): Promise<void>
}

/**
 * Starts recording for the page that the script runs in: the one place that reads the platform's globals.
 *
 * @param middlewares run on each event
 * @param unreported what was given up and no event has told yet; emptied when one has
 * @param drop counts events that are given up
 * @param rehearse called when the page has begun: the time to do once what the first call should not wait for
 * @param recall gives the moment of a call that is made later than its caller made it, without its referrer; undefined for
 *   one that is not
 */
export function openPage(
  settings: Settings,
  middlewares: ReadonlySet<Middleware>,
  unreported: JsonObject,
  drop: (reason: DropReason, count?: number) => void,
  emit: Emitter['emit'],
  rehearse: () => void,
  recall?: () => Stamp | undefined,
): Page {
  const { writeKey, cookieless, flushAt, flushIntervalMs, maxOutboxBytes } = settings
  const { time, delay } = CLOCK
  const browser = navigator as Navigator & { globalPrivacyControl?: boolean }
  const stream = mintId()
  const keeping = createKeeping(writeKey, settings, time)
  const { identity, sessions, outbox, note } = keeping
  /** Whether storage was asked who the visitor is. */
  let isBegun = false
  const deniedKey = `denied.${writeKey}`
  const tabs = createTabs(`millrace.${writeKey}.`, browser)
  const consent = createConsent(settings.consent, !settings.ignoreGpc && !!browser.globalPrivacyControl)
  const views = createViews(document.referrer)
  const former = createBatchFormer(stream, writeKey, note.read, time)
  const recorder = createRecorder(
    ...([former, identity, sessions, middlewares, unreported, drop] as const),
    (event) => emit('event', event),
  )
  const pageState = watchPage((...change) => safely(() => onPageChange(...change)))
  const delivery = createDelivery(
    stream,
    outbox,
    createTransport(
      settings.endpoint.replace(/\/+$/, '') + BATCH_PATH,
      (url, init) => fetch(url, init),
      gzip,
      (url, text) => browser.sendBeacon(url, text),
      () => 'keepalive' in Request.prototype,
    ),
    tabs,
    keeping.store,
    CLOCK,
    settings.maxOutboxAgeMs,
    () => pageState() !== 'shown',
    () => browser.onLine,
    drop,
    (report) => emit('batch', report),
  )

  /** When the next drain is set for, and when the last was. */
  let nextDrain = Infinity
  let lastDrain = 0
  let isDraining = false
  /** What was said of consent and does not hold yet. */
  let decided: Consent | undefined
  /** The view that was seen last, while the page may have yet to set its title. */
  let untitled: Stamp | undefined

  /**
   * Numbers what was recorded, and hands it on to be stored and sent.
   *
   * @param isEarly for the page to set its title: that view waits, with what was recorded after it
   */
  function drain(isEarly?: boolean): void {
    // A function given to `use` or `on` may ask for it: what is being numbered is not numbered again.
    if (isDraining) return
    if (!isEarly) settleTitle()
    if (consent.state() !== 'pending') safely(number)
    if (decided) applyConsent(decided)
    if (pageState() === 'shown') void delivery.send()
  }

  function number(): void {
    nextDrain = Infinity
    lastDrain = time()
    begin()
    isDraining = true
    try {
      recorder.numberAll(
        { ...readShared(), consent: consent.describe() as never },
        (batches) => {
          delivery.take(batches)
          void outbox.save(batches)
          if (pageState() !== 'shown') outbox.spill(batches)
          note.save(former.tip())
          sessions.save()
        },
        untitled,
      )
    } finally {
      isDraining = false
    }
    identity.save()
  }

  /** What the page has replaced may throw: it is never the page that gets the error. */
  function safely(run: () => void): void {
    attempt(run, () => drop('invalid_call'))
  }

  /** Something that the page has replaced may throw: then its events go without. */
  function readShared(): JsonObject {
    return attempt(() => readContext()) ?? {}
  }

  function person(): Person {
    safely(begin)
    return identity.person()
  }

  /**
   * @param call undefined to do all but that
   * @param isUntitled a view whose title the page may set within the interval
   */
  function record(call?: Call, isUntitled?: boolean): void {
    if (consent.state() === 'denied') {
      drop('no_consent')
      return
    }
    const now = time()
    const stamp: Stamp = recall?.() ?? { time: now, href: location.href, title: document.title, referrer: '' }
    if (call?.type === 'page') views.enter(stamp.href)
    stamp.referrer = views.before()
    if (isUntitled) untitled = stamp
    const count = recorder.record(call, stamp, maxOutboxBytes - delivery.heldBytes())
    const state = pageState()
    // At once, but no two requests of one page within the interval. A hidden page may end without notice: its events are
    // stored before the browser gets its hands back.
    const isHidden = state !== 'shown'
    const from = isUntitled || count < flushAt ? now : lastDrain
    const drainAt = isHidden ? 0 : Math.max(now, from + flushIntervalMs)
    if (!isUntitled && drainAt >= nextDrain) return
    nextDrain = drainAt
    if (isHidden && !isDraining) queueMicrotask(() => safely(() => leave(state === 'gone')))
    else delay(() => safely(() => drain(untitled !== stamp)), isHidden ? 0 : drainAt - now)
  }

  /** Gives the view that was seen last the title that the page has by now. */
  function settleTitle(): void {
    attempt(() => {
      if (untitled) untitled.title = document.title
    })
    untitled = undefined
  }

  function leave(isGoing: boolean): void {
    drain()
    delivery.leave(isGoing)
  }

  /**
   * Begins to store and send. Not before it is needed, or the page has begun: what cookies and storage are asked, the
   * page waits for.
   */
  function begin(): void {
    if (isBegun || consent.state() !== 'granted') return
    isBegun = true
    if (!cookieless) keeping.isOpen = true
    identity.sync()
    void tabs.claim(stream)
    delay(() => {
      // A rehearsal: a browser reads a function when it is first called, and takes up to 20 ms for its first look at the time
      // zone. That is done by now, and no click waits for it.
      if (keeping.isOpen) safely(record)
      rehearse()
      void adopt()
    }, ADOPT_DELAY_MS)
  }

  /** Forgets everything that waits, here and in the browser. */
  function end(): void {
    drop('no_consent', recorder.forget() + delivery.forget())
    tabs.yield()
    // The other tabs hear of it, and nothing of it stays.
    keeping.store.keep(deniedKey, 1)
    keeping.wipe()
  }

  /** What is said holds from the end of the drain on, for all that was recorded before. */
  function decideConsent(change: Consent): void {
    decided = { ...decided, ...change }
    drain()
  }

  function applyConsent(change: Consent): void {
    decided = undefined
    const before = consent.state()
    const all = consent.change(change)
    const state = consent.state()
    if (state !== before) {
      isBegun = false
      if (state === 'pending') keeping.isOpen = false
      if (state === 'denied') end()
    }
    drain()
    emit('consent', all)
  }

  /** Takes over what pages left that are gone. */
  async function adopt(): Promise<void> {
    if (!keeping.isOpen) return
    const claim = async (other: string) => other !== stream && (await tabs.claim(other))
    const batches = await outbox.adopt(claim, !browser.locks)
    // Consent may be withdrawn by now.
    if (keeping.isOpen) delivery.take(batches)
    void delivery.send()
  }

  function onPageChange(state: PageState, isOnline: boolean): void {
    if (isOnline) delivery.resume()
    else if (state !== 'shown') leave(true)
    // So that the page may rest in the back/forward cache, where it holds up nobody.
    if (state === 'gone') tabs.yield()
    if (state !== 'shown') return
    void delivery.send()
    if (!keeping.isOpen) return
    identity.sync()
    void tabs.claim(stream)
    void adopt()
  }

  function seeView(isReplaced: boolean): void {
    // A view that sends its visitor on at once was not seen.
    if (isReplaced && untitled) {
      untitled.href = location.href
      views.enter(untitled.href, true)
    } else {
      settleTitle()
      record({ type: 'page' }, true)
      emit('page')
    }
  }

  const start = () => {
    if (consent.state() === 'denied') keeping.wipe()
    else begin()
    self.addEventListener('storage', ({ key, newValue }) => {
      if (newValue && key === `millrace.${deniedKey}`) safely(() => decideConsent({ analytics: 'denied' }))
    })
  }
  delay(() => safely(start), 0)
  setInterval(() => void adopt(), ADOPT_INTERVAL_MS)
  if (settings.autoPage) watchViews((isReplaced) => safely(() => seeView(isReplaced)))
  return {
    record,
    person,
    change: identity.change,
    finish() {
      // What was recorded before belongs to the session that ends.
      drain()
      sessions.finish()
    },
    decide: decideConsent,
    async send() {
      safely(drain)
      await delivery.send()
    },
  }
}
