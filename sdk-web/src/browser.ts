/** Puts a client together in a browser: the one place that reads the platform's globals. */

import { BATCH_PATH } from '@millrace/schemas/wire'
import type { DropReason, Millrace, MillraceOptions } from './api.ts'
import { createBatchFormer } from './batch.ts'
import { createClient, createInertClient } from './client.ts'
import { readContext } from './context.ts'
import { createDelivery } from './delivery.ts'
import { createIdentity } from './identity.ts'
import { mintStream } from './ids.ts'
import type { Settings } from './options.ts'
import { parseOptions } from './options.ts'
import { watchPage } from './page-lifecycle.ts'
import { createQueue } from './queue.ts'
import type { Stamp } from './stamp.ts'
import { createStore } from './store.ts'
import { createStreamEndNote } from './stream-end.ts'
import { createTransport } from './transport.ts'

/** Reads the moment and the place in the page. */
export function readStamp(): Stamp {
  return { timestamp: new Date().toISOString(), href: location.href, title: document.title }
}

/**
 * Creates a client for the page, or one that does nothing where there is no page (a server) or the browser lacks what
 * is needed.
 *
 * @param stamp reads the moment and place of a call
 * @throws TypeError, RangeError for a wrong option
 */
export function createBrowserClient(options: MillraceOptions, stamp: () => Stamp = readStamp): Millrace {
  const settings = parseOptions(options)
  try {
    if (typeof document === 'object') return connect(settings, stamp)
  } catch {
    // A browser without crypto, say: no analytics there, but no error either.
  }
  return createInertClient()
}

function connect(settings: Settings, stamp: () => Stamp): Millrace {
  const { writeKey } = settings
  const dropped: Partial<Record<DropReason, number>> = {}
  const onDropped = (reason: DropReason, count = 1) => {
    dropped[reason] = (dropped[reason] ?? 0) + count
  }
  const stream = mintStream()
  const queue = createQueue(settings.maxQueueEvents, settings.maxQueueBytes)
  const form = createBatchFormer({
    queue,
    stream,
    writeKey,
    context: readContext,
    note: createStreamEndNote(
      createStore(() => sessionStorage),
      writeKey,
      stream,
    ),
    onDropped,
  })
  const delivery = createDelivery({
    ...settings,
    form,
    waitingCount: queue.count,
    transport: createTransport({ url: settings.endpoint.replace(/\/+$/, '') + BATCH_PATH }),
    isHidden: watchPage(() => delivery.leave()),
    onDropped,
  })
  const identity = createIdentity(createStore(() => localStorage))
  return createClient({ stamp, identity, queue, delivery, onDropped, dropped })
}
