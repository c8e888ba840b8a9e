/**
 * The Durable Object that keeps the live windows of one source; its name is the source's. Calls, transactions and alarms are
 * here; what a window is, and who watches, is elsewhere.
 */

import { DurableObject } from 'cloudflare:workers'
import { encodeLogLine, type LogRecord } from '@millrace/schemas'
import type { LiveHealth, LivePlan, SnapshotMessage, TailEvent } from '@millrace/schemas/live'
import { createJsonInsert } from '../statements.ts'
import { decodeChange } from './change.ts'
import { readWatchOptions } from './client-message.ts'
import { type ClosedDelivery, createClosedDelivery } from './closed-delivery.ts'
import { decodeIds } from './event-ids.ts'
import { createEventStream } from './event-stream.ts'
import type { HealthNote } from './health.ts'
import type { LiveState } from './live-state.ts'
import { createLiveStorage, type LiveStorage, MAX_STATE_LENGTH } from './live-storage.ts'
import { createMonitoring, type Monitoring, type MonitorReport } from './monitoring.ts'
import type { ApplyReply, ApplyRequest, LiveMetrics, LiveObject, NoteReply, Watch } from './rpc.ts'
import { createSockets, type Sockets } from './sockets.ts'
import { createWatchers, type Watchers, type WatchOptions } from './watchers.ts'

/** How often the object looks whether something is to be closed, while something is held. */
const TICK_MS = 10_000

/** The same while nothing is open, for those who watch. */
const IDLE_TICK_MS = 60_000

/** How often changed state is saved beside the log. */
const SAVE_MS = 30_000

/** Durable Object class bound as `LIVE`; its name is part of the deployed state and must not change. */
export class LiveAggregator extends DurableObject<Env> implements LiveObject {
  readonly #source: string
  readonly #storage: LiveStorage
  readonly #state: LiveState
  readonly #watchers: Watchers
  readonly #monitoring: Monitoring
  readonly #sockets: Sockets
  readonly #delivery: ClosedDelivery
  #savedAt = Date.now()
  #savedStamp = 0
  #alarmAt: number | undefined
  #monitorsAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const { name } = ctx.id
    if (name === undefined)
      throw new Error('the runtime does not tell the name of the object, which is its source')
    this.#source = name
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
      health: () => this.#readHealth(Date.now()),
      monitorsSince: (at) => (this.#monitorsAt > at ? this.#monitoring.statuses() : undefined),
      schedule: (ms, run) => void setTimeout(run, ms),
      epoch: crypto.randomUUID().slice(0, 8),
    })
    this.#sockets = createSockets(ctx, this.#watchers)
    this.#delivery = createClosedDelivery({
      source: this.#source,
      undelivered: this.#state.undelivered,
      insert: () => createJsonInsert(env),
      settle: () => {
        this.#tick(Date.now())
        this.#save(Date.now())
      },
      save: () => this.#save(Date.now()),
      now: Date.now,
      log,
    })
  }

  /** Counts a combined batch: all of it, or nothing and the reason why. Nothing is awaited, so nothing comes between. */
  async apply(request: ApplyRequest): Promise<ApplyReply> {
    const now = Date.now()
    if (request.inserts !== undefined) this.#state.health.addInserts(request.inserts)
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
    this.#state.health.note(note)
    this.#watchers.notify()
    const { health } = this.#state
    return {
      receipts: health.receipts(),
      arrivals: health.arrivals(),
      liveLagMs: this.#state.readHealth(Date.now()).latencyMs.p50,
      monitorKeys: this.#monitoring.keys(),
    }
  }

  /** Takes what the cron found of the source's monitors, judges the thresholds, and sees that webhooks hear of it. */
  async report(report: MonitorReport): Promise<void> {
    // A source that is quiet closes its windows too, and a threshold may be about that.
    this.#tick(Date.now())
    if (this.#monitoring.report(report)) this.#tellMonitors()
  }

  /** Tells how it is, for `/metrics`. */
  async readMetrics(): Promise<LiveMetrics> {
    const now = Date.now()
    const { watermark } = this.#state.progress()
    return {
      health: this.#readHealth(now),
      totals: this.#state.health.totals(),
      watchers: this.#watchers.size(),
      watermarkLagMs: watermark > 0 ? Math.max(0, now - watermark) : null,
    }
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
    const options = readWatchOptions(url.searchParams, request.headers.get('last-event-id'))
    if (this.#state.isTickDue(Date.now())) this.#tick(Date.now())
    if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') return this.#accept(request, options)
    if (url.pathname.endsWith('/windows')) return this.#tellWindows(url.searchParams)
    return this.#stream(options)
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined
    const now = Date.now()
    if (this.#state.isTickDue(now) || this.#state.isCorrectionDue(now)) this.#tick(now)
    this.#watchers.dropSlow()
    this.#watchers.notify()
    // What was forgotten must go from storage too.
    const isUnsaved = this.#storage.pending() > 0 || this.#state.stamp() !== this.#savedStamp
    if (isUnsaved && now - this.#savedAt >= SAVE_MS) this.#save(now)
    const told = await this.#monitoring.deliverDue()
    // Not awaited: a ClickHouse that hangs must not keep windows from closing.
    if (this.#delivery.isDue()) this.ctx.waitUntil(this.#delivery.deliver())
    const next = earliest(this.#nextAlarm(Date.now()), told)
    // Last, so that a crash before it brings the alarm again.
    if (next !== undefined) await this.#wakeBy(next)
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#sockets.receive(socket, message)
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.#sockets.close(socket, code)
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#sockets.forget(socket)
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

  /** Tells those who watch, and soon the webhooks: a source that is quiet has no other alarm. */
  #tellMonitors(): void {
    this.#monitorsAt = Date.now()
    this.#watchers.notify()
    void this.#wakeBy(Date.now())
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
    if (this.#storage.stateLength() <= MAX_STATE_LENGTH) return
    const shrunk = this.#state.shrink(now)
    if (shrunk === undefined) return
    const floor = this.#state.floor()
    log({ level: 'warn', event: 'live_state_shrunk', source: this.#source, floor, ...shrunk })
    this.#save(now)
  }

  #nextAlarm(now: number): number | undefined {
    const isBusy =
      this.#storage.pending() > 0 ||
      this.#state.stamp() !== this.#savedStamp ||
      this.#state.undelivered().length > 0 ||
      this.#state.isCorrectionDue(now)
    const isWatched = this.#watchers.size() > 0
    // When windows begin and end: who watches sees the next one at once.
    if (isBusy || (isWatched && this.#state.hasOpen())) return Math.floor(now / TICK_MS + 1) * TICK_MS
    const due = this.#state.nextDue(now)
    const next = due === undefined ? undefined : Math.max(due, now + TICK_MS)
    return isWatched ? earliest(next, now + IDLE_TICK_MS) : next
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
      health: this.#readHealth(now),
      monitors: this.#monitoring.statuses(),
    }
  }

  #readHealth(now: number): LiveHealth {
    const health = this.#state.readHealth(now)
    const closed = { stage: 'closed', lagMs: this.#delivery.failingMs(), at: now }
    return { ...health, stages: [...health.stages, closed] }
  }

  #tellWindows(search: URLSearchParams): Response {
    const now = Date.now()
    const name = search.get('name')
    if (name === null) {
      const events = this.#watchers.lastEvents()
      return Response.json({ type: 'snapshot', version: '', now, ...this.#snapshot(), events })
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
    void this.#wakeBy(Date.now() + TICK_MS)
    return this.#sockets.accept(request, options)
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

function log(record: LogRecord): void {
  console.log(encodeLogLine(record))
}
