/** Delivers notifications to webhooks: in order for each monitor and webhook, again and again until one is taken or given up. */

import { isWebhookAddress, type WebhookDefinition } from '@millrace/schemas/live'
import type { MonitorDeskEffects } from './desk.ts'
import type { DeskStore, Head, StoredNotification } from './desk-store.ts'
import { planRetry } from './retry-plan.ts'
import { webhookHeaders } from './webhook-request.ts'

/** What deliveries work with. */
export interface DeliveryEffects extends Omit<MonitorDeskEffects, 'sql'> {
  store: DeskStore
  webhooks: readonly WebhookDefinition[]
  source: string
}

/** Requests that are under way, by what waits for them. */
export type UnderWay = Map<string, { webhook: string; work: Promise<void> }>

/** What {@link createDeliveries} gives. */
export interface Deliveries {
  /** See `MonitorDesk`. */
  deliverDue: () => Promise<number | undefined>
  /** Takes a notification out that will not be delivered, logs it, and keeps that for the status. */
  giveUp: (notification: StoredNotification, error: string) => void
  /** Begins nothing more; what is under way ends. */
  stop: () => void
}

/**
 * Requests to one webhook at once. Each webhook has its own, so that one that hangs holds up nothing but what is for it. Few, as
 * a Worker may wait for six answers at once (platform limit, checked 2026-11-22).
 */
const CONCURRENCY = 2

/** How long one who asks for deliveries waits for their answers, and how often it looks at the clock meanwhile. */
const PATIENCE_MS = 1_000
const LOOK_MS = 250

/** How long a receiver may take. */
export const DELIVERY_TIMEOUT_MS = 10_000

/** Longest text of an error that is kept. */
const MAX_ERROR_LENGTH = 200

/** What became of one request. */
type Answer = { ok: true } | { ok: false; error: string; status?: number; retryAfter?: string | null }

/** Deliveries of one source. */
export function createDeliveries(effects: DeliveryEffects): Deliveries {
  const { store, webhooks, source, now, random, log, underWay = new Map() } = effects
  const names = new Set(webhooks.map(({ name }) => name))
  let isStopped = false

  const hasRoom = (webhook: string): boolean =>
    [...underWay.values()].filter((one) => one.webhook === webhook).length < CONCURRENCY

  /** Begins what is due as far as there is room, the longest due first; whatever ends begins what was waiting for it. */
  function begin(): void {
    if (isStopped) return
    const at = now()
    for (const head of waiting().toSorted((a, b) => a.due - b.due)) {
      const lane = laneOf(head)
      if (head.due > at || underWay.has(lane) || !hasRoom(head.webhook)) continue
      const work = deliver(head.seq)
        .finally(() => underWay.delete(lane))
        .then(begin)
      underWay.set(lane, { webhook: head.webhook, work })
    }
  }

  function waiting(): Head[] {
    return store.heads().filter(({ webhook }) => names.has(webhook))
  }

  /** What is under way, or waits for that, needs nobody to come, unless this object ends before it does. */
  function comeAgainAt(): number | undefined {
    const at = now()
    const times = waiting().map((head) =>
      underWay.has(laneOf(head)) || !hasRoom(head.webhook)
        ? at + DELIVERY_TIMEOUT_MS
        : Math.max(at, head.due),
    )
    return times.length === 0 ? undefined : Math.min(...times)
  }

  async function deliver(seq: number): Promise<void> {
    const notification = store.notification(seq)
    if (notification === undefined) return
    const { monitor, webhook, id, created, attempts: before } = notification
    const answer = await send(
      effects,
      webhooks.find(({ name }) => name === webhook),
      notification,
    )
    // It was given up or forgotten meanwhile.
    if (store.notification(seq) === undefined) return
    if (answer.ok) {
      store.removeNotification(seq)
      store.removeFailures(monitor, webhook)
      return
    }
    const attempts = before + 1
    const { error, ...failed } = answer
    const plan = planRetry({ ...failed, attempts, createdAt: created, now: now(), random: random() })
    if (plan.kind === 'give-up') {
      giveUp({ ...notification, attempts }, `${error}; ${plan.why}`)
      return
    }
    store.postpone(seq, attempts, plan.at)
    const retryInSeconds = Math.round((plan.at - now()) / 1_000)
    log({
      level: 'warn',
      event: 'webhook_failed',
      source,
      webhook,
      monitor,
      id,
      attempts,
      retryInSeconds,
      error,
    })
  }

  function giveUp({ seq, monitor, webhook, id, attempts }: StoredNotification, error: string): void {
    store.removeNotification(seq)
    store.addFailure(monitor, webhook, now(), error)
    log({ level: 'error', event: 'webhook_given_up', source, webhook, monitor, id, attempts, error })
  }

  return {
    async deliverDue() {
      const startedAt = now()
      begin()
      while (underWay.size > 0 && now() - startedAt < PATIENCE_MS)
        await Promise.race([Promise.all([...underWay.values()].map(({ work }) => work)), pause(LOOK_MS)])
      return comeAgainAt()
    },
    giveUp,
    stop() {
      isStopped = true
    },
  }
}

/** Notifications of a lane wait for each other, so that nothing recovers before it fired. */
function laneOf({ monitor, webhook }: Head): string {
  return `${monitor}\n${webhook}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** One request. No address is ever in an error: it may be as good as a password. */
async function send(
  { fetch, secret, now }: DeliveryEffects,
  webhook: WebhookDefinition | undefined,
  { id, body }: StoredNotification,
): Promise<Answer> {
  if (webhook === undefined) return { ok: false, error: 'there is no such webhook' }
  const { url = secret(webhook.urlVar ?? ''), secretVar } = webhook
  const key = secret(secretVar)
  if (url === undefined) return { ok: false, error: `the secret ${webhook.urlVar} is not set` }
  if (key === undefined || key === '') return { ok: false, error: `the secret ${secretVar} is not set` }
  if (!isWebhookAddress(url))
    return { ok: false, error: 'its address is neither https: of a public host nor of this machine' }
  try {
    const headers = await webhookHeaders({ id, timestamp: Math.floor(now() / 1_000), body }, key)
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      // Whoever answers with another address may be somebody else by now.
      redirect: 'manual',
      signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
    })
    // The status is the answer, even where the rest of it is cut off.
    response.body?.cancel().catch(() => {})
    if (response.ok) return { ok: true }
    const { status } = response
    return { ok: false, error: `status ${status}`, status, retryAfter: response.headers.get('retry-after') }
  } catch (error) {
    return { ok: false, error: String(error).replaceAll(url, 'its address').slice(0, MAX_ERROR_LENGTH) }
  }
}
