/**
 * The Node SDK's promise, on the real stack: what was tracked is in ClickHouse once, however the process ended, when
 * another one has started on the same spool.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runScript } from '../support/node-script.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

async function makeSpool(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-spool-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A program that makes a client and tracks 1,000 events called `name`, and then does what `end` says. */
function program(name: string, spool: string | undefined, end: string, prelude = '', more = {}): string {
  const options = { writeKey: 'dev', endpoint: stack.worker.url, spool, ...more }
  return `
    import { createMillrace } from '@millrace/node'
    ${prelude}
    const client = createMillrace(${JSON.stringify(options)})
    for (let i = 0; i < 1000; i += 1) client.track({ userId: 'u', event: '${name}', properties: { i } })
    ${end}`
}

/** Starts a client on the spool that does nothing but deliver what it finds. */
async function startAgain(spool: string, endpoint = stack.worker.url): Promise<void> {
  const options = { writeKey: 'dev', endpoint, spool }
  const { output } = await runScript(`
    import { createMillrace } from '@millrace/node'
    const client = createMillrace(${JSON.stringify(options)})
    const timer = setInterval(async () => {
      const { recovered } = client.stats()
      if (recovered.answered < 1000) return
      clearInterval(timer)
      await client.close()
      console.log(JSON.stringify(recovered))
    }, 20)
    setTimeout(() => (clearInterval(timer), console.log(JSON.stringify(client.stats()))), 20000).unref()`)
  expect(JSON.parse(output)).toEqual({ answered: 1_000, dropped: 0 })
}

/**
 * A port of its own before the Worker's, closed to everybody. Asked to, it refuses one more and opens then: after the third
 * failure in a row a client rests for up to half a minute, and how many fail within a time is chance.
 */
async function openDoor(port: number): Promise<{ endpoint: string; openAfterNext: () => Promise<void> }> {
  let isOpen = false
  const refusal = Promise.withResolvers<void>()
  let onRefusal = () => {}
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (!isOpen) {
      onRefusal()
      return socket.destroy()
    }
    const inner = connect(port, '127.0.0.1')
    inner.on('error', () => socket.destroy())
    return void socket.pipe(inner).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port: own } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${own}`,
    openAfterNext() {
      onRefusal = () => {
        isOpen = true
        refusal.resolve()
      }
      return refusal.promise
    },
  }
}

interface Counts {
  rows: number
  events: number
  numbers: number
}

async function countOf(name: string): Promise<Counts> {
  const [counts] = await stack.query<Counts>(
    `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(message_id)) AS events,
       toUInt32(uniqExact(toString(properties.i))) AS numbers
     FROM events FINAL WHERE event = {name:String}`,
    { name },
  )
  return counts as Counts
}

async function expectEachOnce(name: string): Promise<void> {
  const counts = await waitFor(
    () => countOf(name),
    ({ events }) => events >= 1_000,
  )
  expect(counts).toEqual({ rows: 1_000, events: 1_000, numbers: 1_000 })
}

describe('with a spool, 1,000 events are in ClickHouse once after the next start', () => {
  const LISTENS = "process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50))"
  const LISTENS_ONCE = "process.once('SIGTERM', () => setTimeout(() => process.exit(7), 50))"

  it.each([
    ['process.exit() right after', 'process.exit(0)', '', 0, null],
    ['an error that nobody catches', "throw new Error('boom')", '', 1, null],
    [
      'SIGTERM right after, which nobody handles',
      "process.kill(process.pid, 'SIGTERM')",
      '',
      null,
      'SIGTERM',
    ],
    ['SIGINT right after, which nobody handles', "process.kill(process.pid, 'SIGINT')", '', null, 'SIGINT'],
    ['SIGTERM that the application handles', "process.kill(process.pid, 'SIGTERM')", LISTENS, 7, null],
    [
      'SIGTERM that the application handles once',
      "process.kill(process.pid, 'SIGTERM')",
      LISTENS_ONCE,
      7,
      null,
    ],
    [
      'SIGKILL 200 ms after',
      "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200)",
      '',
      null,
      'SIGKILL',
    ],
  ] as const)('%s', async (name, end, prelude, code, signal) => {
    const spool = await makeSpool()
    // The interval keeps the events from being sent before the end.
    const waits = { flushAt: 2_500, flushIntervalMs: 60_000 }
    expect(await runScript(program(name, spool, end, prelude, waits))).toMatchObject({ code, signal })
    await startAgain(spool)
    await expectEachOnce(name)
  })

  it('a collector that is away until after the next start', async () => {
    const spool = await makeSpool()
    const door = await openDoor(Number(new URL(stack.worker.url).port))
    const options = { endpoint: door.endpoint, spool }
    const first = await runScript(program('away', spool, '', '', options))
    expect(first).toMatchObject({ code: 0 })
    expect(JSON.stringify(first.output)).not.toContain('gave up')
    const isRefused = door.openAfterNext()
    await startAgain(spool, door.endpoint)
    await isRefused
    await expectEachOnce('away')
    expect(await readdir(join(spool, ...(await readdir(spool))))).toEqual([])
  })
})

describe('without a spool', () => {
  it('the natural end of a process delivers everything, and is hardly held up', async () => {
    const { code, output } = await runScript(
      program(
        'natural',
        undefined,
        "const at = Date.now(); process.on('exit', () => console.log(Date.now() - at))",
      ),
    )
    expect(code).toBe(0)
    // Measured in the bench; here only that it is not a timeout that ends it.
    expect(Number(output)).toBeLessThan(4_000)
    await expectEachOnce('natural')
  })

  it('process.exit() says how much is lost', async () => {
    const { output } = await runScript(program('lost', undefined, 'process.exit(0)'))
    expect(JSON.parse(output)).toMatchObject({ code: 'undelivered', dropped: 1_000 })
  })
})
