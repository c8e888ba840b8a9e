/** Envelopes as the collector makes them, for tests that need no collector. */

import { ENVELOPE_VERSION, type Envelope } from '@millrace/schemas'

/** An envelope of a source with what is given; without that it is a whole batch `b` in which nothing came. */
export function buildEnvelope(given: Pick<Envelope, 'source' | 'receivedAt'> & Partial<Envelope>): Envelope {
  return {
    ...{ version: ENVELOPE_VERSION, part: 0, route: 'batch', batchId: 'b' },
    ...{ events: [], quarantined: [], omitted: [] },
    ...given,
  }
}
