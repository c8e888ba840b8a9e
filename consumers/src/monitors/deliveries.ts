/** Delivers notifications to webhooks: in order for each monitor and webhook, again and again until one is taken or given up. */

import type { WebhookDefinition } from '@millrace/schemas/live'
import type { MonitorDeskEffects } from './desk.ts'
import type { DeskStore, Head, StoredNotification } from './desk-store.ts'
import { planRetry } from './retry-plan.ts'
import { isWebhookAddress, webhookHeaders } from './webhook-request.ts'

/** What deliveries work with. */
export interface DeliveryEffects extends Omit<MonitorDeskEffects, 'sql'> {
  store: DeskStore
  webhooks: readonly WebhookDefinition[]
  source: string
}

/** What {@link createDeliveries} gives. */
export interface Deliveries {
  /** See `MonitorDesk`. */
  deliverDue: () => Promise<number | undefined>
  /** Takes a notification out that will not be delivered, logs it, and keeps that for the status. */
  giveUp: (notification: StoredNotification, error: string) => void
}

/** Requests at once, and most of them in one call: an alarm should end. */
const CONCURRENCY = 4
const MAX_SENDS = 50

/** How long a receiver may take. */
export const DELIVERY_TIMEOUT_MS = 10_000

/** Longest text of an error that is kept. */
const MAX_ERROR_LENGTH = 200

/** What became of one request. */
type Answer = { ok: true } | { ok: false; error: string; status?: number; retryAfter?: string | null }

/** Deliveries of one source. */
export function createDeliveries(effects: DeliveryEffects): Deliveries {
  const { store, webhooks, source, now, random, log } = effects
  let running: Promise<number | undefined> | undefined

  async function run(): Promise<number | undefined> {
    const busy = new Set<string>()
    let left = MAX_SENDS
    const work = async () => {
      while (left > 0) {
        const at = now()
        const head = store.heads().find((one) => one.due <= at && !busy.has(laneOf(one)))
        if (head === undefined) return
        left--
        busy.add(laneOf(head))
        await deliver(head.seq)
        busy.delete(laneOf(head))
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    const times = store.heads().map(({ due }) => due)
    return times.length === 0 ? undefined : Math.max(now(), Math.min(...times))
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
    deliverDue() {
      running ??= run().finally(() => {
        running = undefined
      })
      return running
    },
    giveUp,
  }
}

/** Notifications of a lane wait for each other, so that nothing recovers before it fired. */
function laneOf({ monitor, webhook }: Head): string {
  return `${monitor}\n${webhook}`
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
  if (!isWebhookAddress(url)) return { ok: false, error: 'its address is neither https: nor of this machine' }
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
    await response.body?.cancel()
    if (response.ok) return { ok: true }
    const { status } = response
    return { ok: false, error: `status ${status}`, status, retryAfter: response.headers.get('retry-after') }
  } catch (error) {
    return { ok: false, error: String(error).replaceAll(url, 'its address').slice(0, MAX_ERROR_LENGTH) }
  }
}
