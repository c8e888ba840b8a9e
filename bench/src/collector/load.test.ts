import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { buildRequests } from './event.ts'
import { runLoad } from './load.ts'
import { startSink } from './sink.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A collector that gives every request the answers in turn. */
async function serve(
  answers: [status: number, body: string][],
): Promise<{ port: number; count: () => number }> {
  let count = 0
  const server = createServer((request, response) => {
    const [status, body] = answers[count++ % answers.length] ?? [500, '']
    request.resume().on('end', () => {
      response.writeHead(status, { 'Content-Length': body.length }).end(body)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, count: () => count }
}

const LOAD = { requests: buildRequests(3, 2, Date.UTC(2026, 10, 21)), connectionCount: 2, durationMs: 100 }

test('load counts every answer and ends when its time is up', async () => {
  const { port, count } = await serve([[200, '{"success":true}']])
  // Long enough for a machine that does other things meanwhile.
  const { answeredCount, seconds } = await runLoad({ ...LOAD, port, durationMs: 1_000 })
  expect(answeredCount).toBe(count())
  expect(answeredCount).toBeGreaterThan(2)
  expect(seconds).toBeGreaterThanOrEqual(1)
})

test.each([
  ['is an error', [503, '{"success":false}']],
  ['has a receipt', [200, '{"success":true,"receipts":[]}']],
] satisfies [string, [number, string]][])('load rejects when an answer %s', async (_what, answer) => {
  const { port } = await serve([[200, '{"success":true}'], answer])
  await expect(runLoad({ ...LOAD, port })).rejects.toThrow(answer[1])
})

test('sink takes messages and answers as the queue does', async () => {
  const { port, takenCount } = await startSink()
  for (const path of ['message', 'batch']) {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { method: 'POST', body: 'text' })
    expect(await response.json()).toMatchObject({ metadata: { metrics: { backlogCount: 0 } } })
  }
  expect(takenCount()).toBe(2)
})
