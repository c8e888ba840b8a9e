/** Reasons that the books know are those that our SDKs tell: one more in an SDK does not compile here. */

import { DROP_REASONS } from '@millrace/schemas'
import { expect, it } from 'vitest'
import type { DropReason as NodeReason } from '../../sdk-node/src/news.ts'
import type { DropReason as WebReason } from '../../sdk-web/src/api.ts'

/** Reasons of both, no more and no less. */
const TOLD = {
  invalid_call: 1,
  event_too_large: 1,
  queue_full: 1,
  expired: 1,
  refused: 1,
  left_out: 1,
  middleware_failed: 1,
  no_consent: 1,
  invalid_event: 1,
  closed: 1,
  undelivered: 1,
  spool_damaged: 1,
} satisfies Record<WebReason | NodeReason, 1>

it('the reasons that the books know are those of both SDKs', () => {
  expect([...DROP_REASONS].sort()).toEqual(Object.keys(TOLD).sort())
})
