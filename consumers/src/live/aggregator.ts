/**
 * The Durable Object that keeps the live windows of one source; its name is the source's. Storage, alarms and connections are
 * here; what a window is, is elsewhere.
 */

import { DurableObject } from 'cloudflare:workers'
import {
  type ClientMessage,
  findEventField,
  LIVE_PROTOCOL,
  type LivePlan,
  parseFilterText,
  type SnapshotMessage,
  type TailEvent,
} from '@millrace/schemas/live'
import { createJsonInsert } from '../statements.ts'
import { decodeChange } from './change.ts'
import { deliverClosed } from './closed-windows.ts'
import { decodeIds } from './event-ids.ts'
import { createEventStream } from './event-stream.ts'
import type { HealthNote } from './health.ts'
import type { LiveState } from './live-state.ts'
import { createLiveStorage, type LiveStorage, MAX_STATE_LENGTH } from './live-storage.ts'
import { createMonitoring, type Monitoring, type MonitorReport } from './monitoring.ts'
import type { ApplyReply, ApplyRequest, LiveObject, NoteReply, Watch } from './rpc.ts'
import { createWatchers, type Outlet, type Watcher, type Watchers, type WatchOptions } from './watchers.ts'

/** How often the object looks whether something is to be closed, while something is held. */
const TICK_MS = 10_000

/** How often changed state is saved beside the log, and closed windows go to ClickHouse. */
const SAVE_MS = 30_000
const DELIVER_MS = 60_000

/** After ClickHouse did not take closed windows. */
const DELIVER_AGAIN_MS = 30_000

/** Durable Object class bound as `LIVE`; its name is part of the deployed state and must not change. */
export class LiveAggregator extends DurableObject<Env> implements LiveObject {
  readonly #source: string
  readonly #storage: LiveStorage
  readonly #state: LiveState
  readonly #watchers: Watchers
  readonly #monitoring: Monitoring
  readonly #sockets = new Map<WebSocket, { outlet: Outlet; watcher: Watcher }>()
  #savedAt = Date.now()
  #savedStamp = 0
  #deliveredAt = 0
  #isDelivering = false
  #alarmAt: number | undefined
  #monitorsAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#source = ctx.id.name ?? ''
    this.#storage = createLiveStorage(ctx.storage.sql)
    this.#state = this.#storage.load(log)
    this.#monitoring = createMonitoring({
      sql: ctx.storage.sql,
      source: this.#source,
      windowsOf: this.#state.judged,
      transaction: (act) => ctx.storage.transactionSync(act),
      now: Date.now,
      fetch: (input, init) => fetch(input, init),
      secret: (name) => readSecret(env, name),
      random: Math.random,
      log,
    })
    this.#watchers = createWatchers({
      now: Date.now,
      stamp: this.#state.stamp,
      watermark: () => this.#state.progress().watermark,
      changedSince: (stamp, shownAt) => this.#state.changedSince(stamp, shownAt, Date.now()),
      snapshot: () => this.#snapshot(),
      health: () => this.#state.readHealth(Date.now()),
      monitorsSince: (at) => (this.#monitorsAt > at ? this.#monitoring.statuses() : undefined),
      schedule: (ms, run) => void setTimeout(run, ms),
      epoch: crypto.randomUUID().slice(0, 8),
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    for (const socket of ctx.getWebSockets()) this.#watch(socket, { isKnown: true })
  }

  /** Counts a combined batch: all of it, or nothing and the reason why. Nothing is awaited, so nothing comes between. */
  async apply(request: ApplyRequest): Promise<ApplyReply> {
    const now = Date.now()
    if (request.plan !== this.#state.planText()) this.#usePlan(request.plan)
    if (this.#state.isTickDue(now)) this.#tick(now)
    const ids = decodeIds(request.ids)
    const known = this.#state.findKnown(ids)
    const isLate = request.earliest !== null && request.earliest < this.#state.floor()
    if (known.length > 0 || isLate) {
      this.#state.health.addDuplicates(known.length, now)
      return { kind: 'again', known, ...this.#hints() }
    }
    // Before anything is written: what cannot be read must not be.
    const change = decodeChange(request.change, this.#state.findWindow)
    this.ctx.storage.transactionSync(() => this.#storage.append(ids, request.change, now))
    try {
      this.#storage.remember(ids, this.#state.apply(ids, change, now, now))
    } catch (error) {
      // What is stored and what is in memory must not differ: the next call loads it anew.
      this.ctx.abort(String(error))
      throw error
    }
    if (this.#storage.isSaveDue()) this.#save(now)
    this.#watchers.addEvents(request.events, request.missed)
    this.#watchers.notify()
    await this.#wakeBy(now + TICK_MS)
    return { kind: 'applied', ...this.#hints() }
  }

  /** Shows events that change nothing to those who watch. */
  async show(events: TailEvent[]): Promise<void> {
    this.#watchers.addEvents(events, 0)
    this.#watchers.notify()
  }

  /** Takes what other stages say of the source. */
  async note(note: HealthNote): Promise<NoteReply> {
    this.#state.health.note(note, this.#state.progress().receivedAt)
    this.#watchers.notify()
    const { health } = this.#state
    return { receipts: health.receipts(), liveLagMs: this.#state.readHealth(Date.now()).latencyMs.p50 }
  }

  /** Takes what the cron found of the source's monitors, judges the thresholds, and sees that webhooks hear of it. */
  async report(report: MonitorReport): Promise<void> {
    // A source that is quiet closes its windows too, and a threshold may be about that.
    this.#tick(Date.now())
    if (!this.#monitoring.report(report)) return
    this.#tellMonitors()
    await this.#wakeBy(Date.now())
  }

  /** Bytes its SQLite database takes, and what is held, for health checks and measurements. */
  storedBytes(): number {
    return this.ctx.storage.sql.databaseSize
  }

  /** Rows that were written since the object was started. */
  rowsWritten(): number {
    return this.#storage.rowsWritten()
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const options = readOptions(url.searchParams, request.headers.get('last-event-id'))
    if (this.#state.isTickDue(Date.now())) this.#tick(Date.now())
    if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') return this.#accept(request, options)
    if (url.pathname.endsWith('/windows')) return this.#tellWindows(url.searchParams)
    return this.#stream(options)
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined
    const now = Date.now()
    if (this.#state.isTickDue(now)) this.#tick(now)
    this.#watchers.dropSlow()
    this.#watchers.notify()
    // What was forgotten must go from storage too.
    const isUnsaved = this.#storage.pending() > 0 || this.#state.stamp() !== this.#savedStamp
    if (isUnsaved && now - this.#savedAt >= SAVE_MS) this.#save(now)
    const told = await this.#monitoring.deliverDue()
    // Not awaited: a ClickHouse that hangs must not keep windows from closing.
    if (now - this.#deliveredAt >= DELIVER_MS) this.ctx.waitUntil(this.#deliver(now))
    const next = earliest(this.#nextAlarm(Date.now()), told)
    // Last, so that a crash before it brings the alarm again.
    if (next !== undefined) await this.#wakeBy(next)
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const said = parseClientMessage(message)
    const watcher = this.#sockets.get(socket)?.watcher
    if (said === undefined) {
      socket.send(JSON.stringify({ type: 'error', code: 'invalid_message', message: UNREADABLE }))
      return
    }
    if (said.type === 'ack') {
      watcher?.acknowledge(said.version)
    } else {
      const watch = said.filters === null ? null : readWatch(said)
      const attached = socket.deserializeAttachment() as Attached | null
      socket.serializeAttachment({ isEventsOnly: false, ...attached, watch } satisfies Attached)
      watcher?.tail(watch)
    }
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.#forget(socket)
    // Otherwise the other side waits for the answer until it loses patience. 1005 to 1015 are never sent.
    quietly(() => socket.close(code > 1004 && code < 1016 ? 1000 : code))
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#forget(socket)
  }

  #usePlan(text: string): void {
    this.#state.usePlan(JSON.parse(text) as LivePlan)
    // Changes name definitions, so those must be there before the first of them.
    this.#save(Date.now())
    this.#watchers.startOver()
  }

  #tick(now: number): void {
    this.#state.tick(now)
    if (this.#monitoring.judge()) this.#tellMonitors()
    this.#watchers.notify()
  }

  #tellMonitors(): void {
    this.#monitorsAt = Date.now()
    this.#watchers.notify()
  }

  #save(now: number): void {
    try {
      this.ctx.storage.transactionSync(() => this.#storage.save(this.#state))
    } catch (error) {
      // What counts as saved and is not would be lost: the next call loads what there is.
      this.ctx.abort(String(error))
      throw error
    }
    this.#savedAt = now
    this.#savedStamp = this.#state.stamp()
    if (this.#storage.stateLength() <= MAX_STATE_LENGTH || !this.#state.shrink(now)) return
    log({ level: 'warn', event: 'live_state_shrunk', source: this.#source, floor: this.#state.floor() })
    this.#save(now)
  }

  /** Never rejects. */
  async #deliver(now: number): Promise<void> {
    if (this.#isDelivering || this.#state.undelivered().length === 0) return
    this.#isDelivering = true
    // The version of each window must be known before anyone is told of it.
    this.#tick(now)
    this.#save(now)
    try {
      const insert = createJsonInsert(this.env)
      const hasMore = await deliverClosed(this.#source, this.#state.undelivered(), insert)
      this.#deliveredAt = hasMore ? 0 : now
      // Otherwise the same rows would be written again after a restart.
      this.#save(Date.now())
    } catch (error) {
      log({ level: 'warn', event: 'live_windows_undelivered', source: this.#source, error: String(error) })
      this.#deliveredAt = now - DELIVER_MS + DELIVER_AGAIN_MS
    } finally {
      this.#isDelivering = false
    }
  }

  #nextAlarm(now: number): number | undefined {
    const isBusy =
      this.#storage.pending() > 0 ||
      this.#state.stamp() !== this.#savedStamp ||
      this.#state.undelivered().length > 0 ||
      this.#watchers.size() > 0
    // When windows begin and end: who watches sees the next one at once.
    if (isBusy) return Math.floor(now / TICK_MS + 1) * TICK_MS
    const due = this.#state.nextDue(now)
    return due === undefined ? undefined : Math.max(due, now + TICK_MS)
  }

  async #wakeBy(at: number): Promise<void> {
    if (this.#alarmAt !== undefined && this.#alarmAt <= at) return
    this.#alarmAt = at
    await this.ctx.storage.setAlarm(at)
  }

  #hints(): { floor: number; watches: Watch[] } {
    return { floor: this.#state.floor(), watches: this.#watchers.watches() }
  }

  #snapshot(): Omit<SnapshotMessage, 'type' | 'version' | 'events' | 'now'> {
    const now = Date.now()
    return {
      source: this.#source,
      watermark: this.#state.progress().watermark,
      definitions: this.#state.definitions(),
      windows: this.#state.recent(now),
      health: this.#state.readHealth(now),
      monitors: this.#monitoring.statuses(),
    }
  }

  #tellWindows(search: URLSearchParams): Response {
    const now = Date.now()
    const name = search.get('name')
    if (name === null) {
      return Response.json({ type: 'snapshot', version: '', now, ...this.#snapshot(), events: [] })
    }
    const names = this.#state.definitions().map((definition) => definition.name)
    if (!names.includes(name)) {
      const known = names.length === 0 ? 'none yet, because no event came' : names.join(', ')
      return new Response(`there is no window ${JSON.stringify(name.slice(0, 64))}; known: ${known}`, {
        status: 404,
      })
    }
    const from = Number(search.get('from') ?? 0)
    const to = Number(search.get('to') ?? Number.MAX_SAFE_INTEGER)
    const { watermark } = this.#state.progress()
    return Response.json({
      source: this.#source,
      ...{ name, now, watermark },
      windows: this.#state.between(name, from, to, now),
    })
  }

  #accept(request: Request, options: WatchOptions): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    // An object that was asleep knows of a socket only what is attached to it.
    const { watch = ALL, isEventsOnly = false } = options
    server.serializeAttachment({ watch, isEventsOnly } satisfies Attached)
    this.#watch(server, options)
    void this.#wakeBy(Date.now() + TICK_MS)
    const offered = request.headers
      .get('sec-websocket-protocol')
      ?.split(',')
      .map((one) => one.trim())
    const headers: HeadersInit =
      offered?.includes(LIVE_PROTOCOL) === true ? { 'Sec-WebSocket-Protocol': LIVE_PROTOCOL } : {}
    return new Response(null, { status: 101, webSocket: client, headers })
  }

  #watch(socket: WebSocket, options: WatchOptions): void {
    const outlet: Outlet = {
      send: (message) => quietly(() => socket.send(JSON.stringify(message))),
      close: (code, reason) => quietly(() => socket.close(code, reason)),
    }
    const attached = socket.deserializeAttachment() as Attached | null
    const watcher = this.#watchers.add(outlet, { ...attached, ...options })
    this.#sockets.set(socket, { outlet, watcher })
  }

  #forget(socket: WebSocket): void {
    const known = this.#sockets.get(socket)
    if (known !== undefined) this.#watchers.remove(known.outlet)
    this.#sockets.delete(socket)
  }

  #stream(options: WatchOptions): Response {
    const { body, outlet, onAdded } = createEventStream(() => this.#watchers.remove(outlet))
    onAdded(this.#watchers.add(outlet, options))
    void this.#wakeBy(Date.now() + TICK_MS)
    return new Response(body, {
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
    })
  }
}

/** A Worker secret by the name of its variable; an empty one counts as not set. */
function readSecret(env: Env, name: string): string | undefined {
  const value = (env as unknown as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

/** What a socket carries while the object sleeps. */
interface Attached {
  watch: Watch | null
  isEventsOnly: boolean
}

const ALL: Watch = { filters: [] }

/** What the collector checked. */
function readOptions(search: URLSearchParams, lastEventId: string | null): WatchOptions {
  const since = search.get('since') ?? lastEventId
  const statuses = search.getAll('status') as TailEvent['status'][]
  return {
    ...(since === null ? {} : { since }),
    watch: { filters: search.getAll('filter'), ...(statuses.length === 0 ? {} : { statuses }) },
    isEventsOnly: search.get('only') === 'events',
  }
}

const UNREADABLE =
  'a message must be JSON: {"type":"ack","version":"…"} or {"type":"tail","filters":["country:is:DE"]}'

/** Most filters of one who watches, and most UTF-16 units of all: they are attached to a socket, which holds 16 KB. */
const MAX_WATCH_FILTERS = 10
const MAX_FILTERS_LENGTH = 4_000

const STATUSES: readonly unknown[] = ['accepted', 'quarantined', 'filtered', 'duplicate']

function parseClientMessage(message: string | ArrayBuffer): ClientMessage | undefined {
  if (typeof message !== 'string' || message.length > 20_000) return undefined
  let said: Partial<Record<string, unknown>> | null
  try {
    said = JSON.parse(message)
  } catch {
    // Not JSON is the answer: the caller says so.
    return undefined
  }
  if (said?.['type'] === 'ack' && typeof said['version'] === 'string')
    return { type: 'ack', version: said['version'] }
  if (said?.['type'] !== 'tail') return undefined
  const { filters, statuses = [...STATUSES] } = said
  if (filters === null) return { type: 'tail', filters }
  // The two together fit an attachment of 16 KB.
  const isReadable =
    Array.isArray(filters) &&
    filters.length <= MAX_WATCH_FILTERS &&
    filters.every((filter) => typeof filter === 'string' && parseFilterText(filter, findEventField).ok) &&
    filters.join('').length <= MAX_FILTERS_LENGTH &&
    Array.isArray(statuses) &&
    statuses.every((status) => STATUSES.includes(status))
  return isReadable ? { type: 'tail', filters, statuses } : undefined
}

function readWatch({ filters, statuses }: Extract<ClientMessage, { filters: string[] }>): Watch {
  return { filters, ...(statuses === undefined ? {} : { statuses }) }
}

/** A connection that is going away takes nothing more, and is told of as closed. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // The runtime closes it; `webSocketClose` follows.
  }
}

function log(record: Record<string, unknown>): void {
  console.log(JSON.stringify(record))
}
