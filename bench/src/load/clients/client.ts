/** What a simulated client of either SDK can do. */

/** A client. */
export interface Client {
  /** Tracks what belongs together: an event of a server, or a view with all that is on it. Gives how many events. */
  track: () => number
  /** Delivers what waits, for so long at most, and ends. */
  finish: (timeoutMs: number) => Promise<void>
  /** Events that it still holds, by its own count. */
  waiting: () => Promise<number>
}
