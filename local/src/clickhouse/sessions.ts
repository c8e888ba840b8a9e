/** Keeps the connections of named sessions between requests, each for one request at a time. */

import type { Connection } from './engine.ts'
import { ClickHouseException } from './errors.ts'
import type { SessionRequest } from './request.ts'

/** Connections by session id. */
export interface Sessions {
  /**
   * Takes the session's connection, opening it when it is new.
   *
   * @throws ClickHouseException when it is in use (373), or absent though it must exist (372).
   */
  acquire(request: SessionRequest): Connection
  /** Gives it back; its idle time begins now, or it ends if the request said so. */
  release(request: SessionRequest): void
  /** Ends all sessions. */
  close(): void
}

interface Entry {
  readonly connection: Connection
  isInUse: boolean
  expiry: NodeJS.Timeout | undefined
}

/** Creates the registry. @param connect opens the connection of a new session. */
export function createSessions(connect: () => Connection): Sessions {
  const entries = new Map<string, Entry>()
  const end = (id: string, entry: Entry) => {
    clearTimeout(entry.expiry)
    entries.delete(id)
    entry.connection.close()
  }
  return {
    acquire({ id, mustExist }) {
      const known = entries.get(id)
      if (known?.isInUse) {
        throw new ClickHouseException(
          373,
          'SESSION_IS_LOCKED',
          `Session ${id} is locked by a concurrent client`,
        )
      }
      if (known === undefined && mustExist) {
        throw new ClickHouseException(372, 'SESSION_NOT_FOUND', `Session ${id} not found`)
      }
      const entry = known ?? { connection: connect(), isInUse: false, expiry: undefined }
      entries.set(id, entry)
      clearTimeout(entry.expiry)
      entry.isInUse = true
      return entry.connection
    },
    release({ id, timeoutSeconds, closes }) {
      const entry = entries.get(id)
      if (entry === undefined) return
      entry.isInUse = false
      if (closes) end(id, entry)
      else entry.expiry = setTimeout(() => end(id, entry), timeoutSeconds * 1000).unref()
    },
    close() {
      for (const [id, entry] of entries) end(id, entry)
    },
  }
}
