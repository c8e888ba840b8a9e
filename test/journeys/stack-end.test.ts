/** The end of the local stack, whose queue is in memory: what was acknowledged is stored, however late it is handed on. */

import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Stack, startStack } from '../../local/src/stack.ts'
import { listDescendants } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

let dataPath: string
let stack: Stack
let said: string[]

beforeEach(async () => {
  dataPath = await mkdtemp(join(tmpdir(), 'millrace-stack-end-'))
  stack = await start()
})
afterEach(async () => {
  await stack.stop()
  await rm(dataPath, { recursive: true, force: true })
})

function start(): Promise<Stack> {
  said = []
  const say = (line: string) => void said.push(line)
  const ports = { port: 0, clickhousePort: 0 }
  return startStack({ ...ports, dataPath, cronIntervalMs: 0, outlivesSignals: true, say })
}

function bodyOf(event: string): string {
  return JSON.stringify({ writeKey: 'dev', batch: [{ type: 'track', event, userId: 'u' }] })
}

/** Posts one event after the other until nobody answers; those that were acknowledged. */
async function postUntilGone(acknowledged: string[]): Promise<void> {
  for (;;) {
    const event = crypto.randomUUID()
    const options = { method: 'POST', body: bodyOf(event), signal: AbortSignal.timeout(30_000) }
    const response = await fetch(`${stack.worker.url}/v1/batch`, options).catch(() => undefined)
    if (response === undefined) return
    await response.text()
    if (response.ok) acknowledged.push(event)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What ClickHouse has of these after the next start. */
async function findStored(events: readonly string[]): Promise<string[]> {
  stack = await start()
  const url = `${stack.clickhouseUrl}/?database=millrace&default_format=TSV`
  const text = await (await fetch(url, { method: 'POST', body: 'SELECT event FROM events FINAL' })).text()
  const stored = new Set(text.split('\n'))
  return events.filter((event) => stored.has(event))
}

it('waits for what came in while ClickHouse was slow', async () => {
  const acknowledged: string[] = []
  const posted = postUntilGone(acknowledged)
  await waitFor(() => acknowledged.length > 5)
  const pid = stack.clickhousePid() ?? 0
  process.kill(pid, 'SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  const stopped = stack.stop()
  await new Promise((resolve) => setTimeout(resolve, 800))
  process.kill(pid, 'SIGCONT')
  await Promise.all([stopped, posted])
  expect(said.filter((line) => !line.startsWith('applied migration'))).toEqual([])
  expect(await findStored(acknowledged)).toEqual(acknowledged)
})

it('waits for a request that had begun, and for what it stores', async () => {
  const body = bodyOf('Slow')
  const { hostname, port } = new URL(stack.worker.url)
  const post = request({ hostname, port, path: '/v1/batch', method: 'POST' })
  const answered = new Promise<number | undefined>((resolve, reject) => {
    post.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
  })
  post.write(body.slice(0, 20))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const stopped = stack.stop()
  await new Promise((resolve) => setTimeout(resolve, 2_200))
  post.end(body.slice(20))
  expect(await answered).toBe(200)
  await stopped
  expect(await findStored(['Slow'])).toEqual(['Slow'])
})

it('closes the door of a workerd that was started again a moment before', async () => {
  const workerds = listDescendants(process.pid).filter(({ command }) => /workerd\S* serve/.test(command))
  for (const { pid } of workerds) process.kill(pid, 'SIGKILL')
  expect(workerds.length).toBeGreaterThan(0)
  await waitFor(async () => (await fetch(`${stack.worker.url}/health`)).ok)
  const statuses: number[] = []
  const stopped = stack.stop()
  for (let count = 0; count < 10; count++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const answer = await fetch(`${stack.worker.url}/health`).catch(() => undefined)
    if (answer !== undefined) statuses.push(answer.status)
  }
  await stopped
  expect(statuses.at(-1)).toBe(503)
})
