/** Says plainly when a port is taken, before anything is started on it. */

import { createServer } from 'node:net'

/**
 * Resolves when the port is free on loopback (0 always is).
 *
 * @throws Error that names the port and the variable that changes it
 */
export function requireFreePort(port: number, variable: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      reject(isTaken ? new Error(`port ${port} is already in use; set ${variable} to another`) : error)
    })
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}

/**
 * A port from an environment variable.
 *
 * @throws RangeError naming the variable, the rule and the value
 */
export function readPort(
  variable: string,
  fallback: number,
  env: Record<string, string | undefined> = process.env,
): number {
  const text = env[variable]
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`${variable} must be a port from 0 to 65535, got ${JSON.stringify(text)}`)
  }
  return port
}
