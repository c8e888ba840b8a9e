/** The Durable Object that will keep live windows, one a source. Until there are windows it only says that it is there. */

import { DurableObject } from 'cloudflare:workers'

/** Durable Object class bound as `LIVE`; its name is part of the deployed state and must not change. */
export class LiveAggregator extends DurableObject<Env> {
  /** Bytes its SQLite database takes, for health checks. */
  storedBytes(): number {
    return this.ctx.storage.sql.databaseSize
  }
}
