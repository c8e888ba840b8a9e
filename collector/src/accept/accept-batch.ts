/**
 * From a parsed body to what goes on the queue: every event accepted, refused or left out, each with its id and time,
 * none able to harm its neighbours. Knows nothing of HTTP or queues.
 */

import type {
  EnvelopeHead,
  EnvelopeReceipt,
  QuarantinedEvent,
  Receipt,
  ReceiptCounts,
  Route,
} from '@millrace/schemas'
import { encodeEnvelopes, encodeJson, fitsBytes } from '@millrace/schemas'
import type { EdgeTools } from './edge-tools.ts'
import type { IdentityReader } from './identity-reader.ts'
import { createJudge, encodeRaw } from './judge.ts'
import { buildOmitted, buildQuarantined, buildReceipt, type Judgement, MAX_ENTRY_BYTES } from './judgement.ts'
import { createIdMinter } from './message-id.ts'
import { anonymizeContext, anonymizeFacts } from './personal.ts'
import type { Sender } from './sender.ts'
import { prepareShared } from './shared-context.ts'
import { readSharedFields } from './shared-fields.ts'
import type { SourceRules } from './source-rules.ts'

/** Where, when and from whom a batch arrived. */
export interface Arrival {
  rules: SourceRules
  tools: EdgeTools
  route: Route
  /** The sender has the secret key. */
  isSecret: boolean
  /** Milliseconds since 1970. */
  receivedAt: number
  sender: Sender
  identity: IdentityReader
  waitUntil: (promise: Promise<unknown>) => void
  /** Gives the batch its place in the books, if it gets one; asked once, for a batch that has events. Default: it gets none. */
  openReceipt?: (counts: ReceiptCounts) => EnvelopeReceipt | undefined
}

/** A body that holds a batch. */
export interface BatchInput {
  body: Record<string, unknown>
  batch: readonly unknown[]
  /** Texts of the elements exactly as they arrived, or `undefined` when they cannot be told apart; asked for at most once. */
  readTexts: () => readonly string[] | undefined
  /** Set when the elements are judged again: their ids and numbers, and that the rules have seen what they share. */
  known?: readonly { messageId: string; seq?: number }[]
}

/** What became of a batch: the texts of its envelopes, and a receipt for each event that was not plainly accepted. */
export interface AcceptedBatch {
  envelopes: string[]
  receipts: Receipt[]
  acceptedCount: number
  /** Id of the batch, as its envelopes have it. */
  batchId: string
}

/**
 * Judges every event of a batch. Fields of the batch itself that make no sense (`stream`, `sentAt`, `context` ...) are
 * left out rather than held against its events.
 */
export async function acceptBatch(input: BatchInput, arrival: Arrival): Promise<AcceptedBatch> {
  const { rules, tools, route, isSecret, receivedAt, sender, identity, waitUntil } = arrival
  const shared = readSharedFields(input.body)
  const mintId = createIdMinter(rules.source)
  // Hashed twice, a value would be another one.
  const prepared = await prepareShared(shared, input.known === undefined ? rules.pii : undefined)
  const judge = createJudge({
    rules,
    tools,
    route,
    isSecret,
    receivedAt,
    sender,
    shared,
    sharedContext: shared.head.context,
    preparedContext: prepared.context,
    identity,
    mintId,
    waitUntil,
  })

  const ledger = createLedger(input)
  for (let index = 0; index < input.batch.length; index++) {
    const known = input.known?.[index]
    const seq = known?.seq ?? (shared.firstSeq === undefined ? undefined : shared.firstSeq + index)
    const element = input.batch[index]
    const judged = judge({ input: element, seq, messageId: known?.messageId })
    ledger.add(index, seq, judged instanceof Promise ? await judged : judged)
  }

  const { context: _, integrations: __, ...sharedHead } = shared.head
  const head: EnvelopeHead = {
    source: rules.source,
    route,
    receivedAt,
    // Sent again, a batch begins with the same event.
    batchId: shared.batchId ?? ledger.firstId(),
    ...(sender.userAgent === undefined ? {} : { userAgent: sender.userAgent }),
    ...(hasKeys(sender.facts) ? { request: sender.facts } : {}),
    ...receiptOf(ledger.counts(), arrival),
    ...sharedHead,
    ...prepared,
  }
  return {
    envelopes: encodeAll(head, ledger),
    receipts: ledger.receipts,
    acceptedCount: ledger.acceptedCount(),
    batchId: head.batchId,
  }
}

function receiptOf(counts: ReceiptCounts, { openReceipt }: Arrival): Pick<EnvelopeHead, 'receipt'> {
  const receipt = counts.every((count) => count === 0) ? undefined : openReceipt?.(counts)
  return receipt === undefined ? {} : { receipt }
}

/** Collects judgements as the texts that envelopes are made of. */
function createLedger(input: BatchInput) {
  const events: string[] = []
  const anonymized: string[] = []
  const quarantined: string[] = []
  const anonymizedQuarantined: string[] = []
  const omitted: string[] = []
  const receipts: Receipt[] = []
  let firstId = ''
  let repeatedCount = 0
  let texts: readonly string[] | undefined
  const rawOf = (index: number): string => {
    texts ??= input.readTexts() ?? []
    return texts[index] ?? encodeRaw(input.batch[index])
  }
  return {
    events,
    anonymized,
    quarantined,
    anonymizedQuarantined,
    omitted,
    receipts,
    firstId: () => firstId,
    acceptedCount: () => events.length + anonymized.length,
    /** An event that its batch repeats was accepted, as one that is known. */
    counts: (): ReceiptCounts => [
      events.length + anonymized.length + repeatedCount,
      quarantined.length + anonymizedQuarantined.length,
      omitted.length - repeatedCount,
    ],
    add(index: number, seq: number | undefined, judgement: Judgement) {
      firstId ||= judgement.messageId
      if (judgement.kind === 'accepted') {
        ;(judgement.isAnonymized ? anonymized : events).push(judgement.text)
        return
      }
      receipts.push(buildReceipt(index, judgement))
      if (judgement.kind === 'quarantined') {
        const list = judgement.isAnonymized ? anonymizedQuarantined : quarantined
        const raw = judgement.raw ?? rawOf(index)
        list.push(encodeQuarantined(buildQuarantined(index, seq, raw, judgement)))
      } else {
        omitted.push(encodeJson(buildOmitted(index, seq, judgement)))
        if (judgement.kind === 'duplicate') repeatedCount += 1
      }
    },
  }
}

/**
 * JSON text of a refused event, short enough for an envelope: a text of control characters is six times as long when it is
 * quoted. What is cut off shows by `rawBytes`.
 */
function encodeQuarantined(event: QuarantinedEvent): string {
  const text = encodeJson(event)
  if (fitsBytes(text, MAX_ENTRY_BYTES)) return text
  return encodeQuarantined({ ...event, raw: event.raw.slice(0, event.raw.length >> 1) })
}

type Ledger = ReturnType<typeof createLedger>

/** Events without identity travel apart: what the others share would give them one. */
function encodeAll(head: EnvelopeHead, ledger: Ledger): string[] {
  const { events, anonymized, quarantined, anonymizedQuarantined, omitted } = ledger
  const texts = encodeEnvelopes(head, { events, quarantined, omitted })
  if (anonymized.length + anonymizedQuarantined.length === 0) return texts
  const entries = { events: anonymized, quarantined: anonymizedQuarantined, omitted: [] }
  return [...texts, ...encodeEnvelopes(anonymizeHead(head), entries, { firstPart: texts.length })]
}

function anonymizeHead(whole: EnvelopeHead): EnvelopeHead {
  const { context, request, userAgent: _, integrations: __, ...head } = whole
  const kept = anonymizeFacts(request ?? {})
  return {
    ...head,
    ...(hasKeys(kept) ? { request: kept } : {}),
    ...(context === undefined ? {} : { context: anonymizeContext(context) }),
  }
}

function hasKeys(object: object): boolean {
  for (const _ in object) return true
  return false
}
