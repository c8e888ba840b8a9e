/** The command as a process, and signals to it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const ENTRY = fileURLToPath(new URL('./index.ts', import.meta.url))

/** How long a collector that never answers keeps its connections after the signal. */
const KEPT_MS = 2_000

/** Runs a question to such a collector, and signals once it was put. */
async function runUntil(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket))
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const args = ['query', 'top', '--source', 'dev', '--field', 'event', '--from', '1h', '--endpoint', endpoint]
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await once(server, 'connection')
  child.kill(signal)
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, KEPT_MS)
  const [code, by] = await ended
  clearTimeout(timer)
  return code ?? by
}

// The last comes when the terminal is closed.
it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s interrupts in order', async (signal) => {
  expect(await runUntil(signal)).toBe(130)
})
