/** The Worker in which the scripts meet the real platform. Bundled by `real.ts`; the base class of objects is given there. */

import { OBJECT_SCRIPTS } from './object-script.ts'
import { type Delivered, handle, type ScriptMessage } from './queue-script.ts'
import { BUCKET_SCRIPTS, type ScriptBucket } from './scripts.ts'

interface SubjectStub {
  [method: string]: (...args: unknown[]) => Promise<unknown>
}

interface FidelityEnv {
  BUCKET: ScriptBucket
  QUEUE: {
    send: (body: string, options: object) => Promise<unknown>
    sendBatch: (messages: object[]) => Promise<unknown>
  }
  SUBJECT: { getByName: (name: string) => SubjectStub }
}

/** What is asked of it: a script by kind and name, messages to be sent, or the deliveries so far. */
export type Question =
  | { kind: 'bucket'; name: string }
  | { kind: 'object'; name: string }
  | { kind: 'send'; bodies: string[]; isBatch: boolean }
  | { kind: 'deliveries' }

const log: Delivered[] = []
let lastPrefix = 0

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function answer(question: Question, { BUCKET, QUEUE, SUBJECT }: FidelityEnv): Promise<unknown> {
  const own = `script${++lastPrefix}/`
  if (question.kind === 'deliveries') return log
  if (question.kind === 'bucket')
    return BUCKET_SCRIPTS[question.name]?.({ bucket: BUCKET, prefix: own, sleep })
  if (question.kind === 'object') {
    const call = async (method: string, ...args: unknown[]) => {
      try {
        // A new stub each time: one that has seen an error may be of no use any more.
        return (await SUBJECT.getByName(own)[method]?.(...args)) ?? null
      } catch {
        return 'threw'
      }
    }
    return OBJECT_SCRIPTS[question.name]?.({ call, sleep })
  }
  const messages = question.bodies.map((body) => ({ body, contentType: 'text' }))
  try {
    if (question.isBatch) await QUEUE.sendBatch(messages)
    else for (const { body, ...options } of messages) await QUEUE.send(body, options)
    return 'sent'
  } catch {
    return 'refused'
  }
}

export default {
  async fetch(request: Request, env: FidelityEnv): Promise<Response> {
    return Response.json({ outcome: await answer((await request.json()) as Question, env) })
  },
  async queue({ queue, messages }: { queue: string; messages: readonly ScriptMessage[] }): Promise<void> {
    if (queue === 'fidelity') return handle(messages, log, Date.now())
    for (const { body } of messages)
      log.push({ name: `dead ${JSON.parse(String(body)).name}`, attempt: 0, atMs: Date.now() })
  },
}
