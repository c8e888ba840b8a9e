/**
 * From a parsed body to what goes on the queue: every event accepted, refused or left out, each with its id and time,
 * none able to harm its neighbours. Knows nothing of HTTP or queues.
 */

import type { EnvelopeHead, Receipt, RequestFacts, Route } from '@millrace/schemas'
import { encodeEnvelopes, encodeJson } from '@millrace/schemas'
import type { EdgeTools } from './edge-tools.ts'
import type { IdentityReader } from './identity-reader.ts'
import { createJudge, encodeRaw } from './judge.ts'
import { buildOmitted, buildQuarantined, buildReceipt, type Judgement } from './judgement.ts'
import { createIdMinter } from './message-id.ts'
import { anonymizeContext } from './personal.ts'
import type { Sender } from './sender.ts'
import { prepareSharedContext } from './shared-context.ts'
import { readSharedFields } from './shared-fields.ts'
import type { SourceRules } from './source-rules.ts'

/** Where, when and from whom a batch arrived. */
export interface Arrival {
  rules: SourceRules
  tools: EdgeTools
  route: Route
  /** Milliseconds since 1970. */
  receivedAt: number
  sender: Sender
  identity: IdentityReader
  waitUntil: (promise: Promise<unknown>) => void
}

/** A body that holds a batch. */
export interface BatchInput {
  body: Record<string, unknown>
  batch: readonly unknown[]
  /** Texts of the elements exactly as they arrived, or `undefined` when they cannot be told apart; asked for at most once. */
  readTexts: () => readonly string[] | undefined
  /** Ids and numbers that the elements had before, when they are judged again. */
  known?: readonly { messageId: string; seq?: number }[]
}

/** What became of a batch: the texts of its envelopes, and a receipt for each event that was not plainly accepted. */
export interface AcceptedBatch {
  envelopes: string[]
  receipts: Receipt[]
  acceptedCount: number
}

/**
 * Judges every event of a batch. Fields of the batch itself that make no sense (`stream`, `sentAt`, `context` ...) are
 * left out rather than held against its events.
 */
export async function acceptBatch(input: BatchInput, arrival: Arrival): Promise<AcceptedBatch> {
  const { rules, tools, route, receivedAt, sender, identity, waitUntil } = arrival
  const shared = readSharedFields(input.body)
  const mintId = createIdMinter(rules.source)
  const preparedContext = await prepareSharedContext(shared, rules.pii)
  const judge = createJudge({
    rules,
    tools,
    route,
    receivedAt,
    sender,
    shared,
    sharedContext: shared.head.context,
    preparedContext,
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

  const { context: _, ...sharedHead } = shared.head
  const head: EnvelopeHead = {
    source: rules.source,
    route,
    receivedAt,
    // Sent again, a batch begins with the same event.
    batchId: shared.batchId ?? ledger.firstId(),
    ...(sender.userAgent === undefined ? {} : { userAgent: sender.userAgent }),
    ...(hasKeys(sender.facts) ? { request: sender.facts } : {}),
    ...sharedHead,
    ...(preparedContext === undefined ? {} : { context: preparedContext }),
  }
  return {
    envelopes: encodeAll(head, ledger),
    receipts: ledger.receipts,
    acceptedCount: ledger.acceptedCount(),
  }
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
    add(index: number, seq: number | undefined, judgement: Judgement) {
      firstId ||= judgement.messageId
      if (judgement.kind === 'accepted') {
        ;(judgement.isAnonymized ? anonymized : events).push(judgement.text)
        return
      }
      receipts.push(buildReceipt(index, judgement))
      if (judgement.kind === 'quarantined') {
        const list = judgement.isAnonymized ? anonymizedQuarantined : quarantined
        list.push(encodeJson(buildQuarantined(index, seq, judgement.raw ?? rawOf(index), judgement)))
      } else {
        omitted.push(encodeJson(buildOmitted(index, seq, judgement)))
      }
    },
  }
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

function anonymizeHead({ context, request, ...head }: EnvelopeHead): EnvelopeHead {
  const { country, continent, device, bot, gpc } = request ?? {}
  const facts = { country, continent, device, bot, gpc }
  const kept = Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as RequestFacts
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
