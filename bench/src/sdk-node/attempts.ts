/** Counts what this process tries on the network, whichever client does it. */

import { subscribe } from 'node:diagnostics_channel'

/** Counts from now on; the result says how much there was so far. */
export function watchAttempts(): () => { requests: number; connections: number } {
  let requests = 0
  let connections = 0
  const countRequest = () => {
    requests += 1
  }
  // Node's own `fetch` is undici, and tells of its requests under its name.
  subscribe('undici:request:create', countRequest)
  subscribe('http.client.request.start', countRequest)
  // undici asks `net` for its sockets, and so does `http`.
  subscribe('net.client.socket', () => {
    connections += 1
  })
  return () => ({ requests, connections })
}
