import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createMeter } from './meter.ts'
import type { Binding } from './spies.ts'

function openMeter() {
  let at = 0
  const meter = createMeter({ roles: new AsyncLocalStorage<string>(), now: () => at })
  return {
    meter,
    pass: (ms: number) => {
      at += ms
    },
  }
}

const message = (body: string) => ({
  ...{ id: 'm', body, attempts: 1, timestamp: new Date(0) },
  ...{ ack: () => {}, retry: () => {} },
})

/** Binding methods of which each is done by the binding itself, as those of the platform must be. */
function createBucket() {
  return {
    isReal: true,
    async put(this: { isReal: boolean }) {
      return this.isReal
    },
    get: async () => null,
    list: async () => ({ objects: [] }),
    head: async () => null,
    delete: async () => {},
    createMultipartUpload: async () => ({
      uploadPart: async () => 1,
      complete: async () => 2,
      abort: async () => {},
    }),
  }
}

describe('the environment', () => {
  it('has queues whose messages are counted by 64 KB begun, by who sent them', async () => {
    const { meter } = openMeter()
    const sent: unknown[] = []
    const queue = { send: async (body: string) => sent.push(body), sendBatch: async () => sent.push('batch') }
    const env = meter.countEnv({ EVENTS_QUEUE: queue, NAME: 'x' }) as { EVENTS_QUEUE: typeof queue }
    await meter.invoke('collector', () => env.EVENTS_QUEUE.send('x'.repeat(64_000)))
    await meter.invoke('cron', () =>
      (env.EVENTS_QUEUE.sendBatch as (batch: unknown) => unknown)([{ body: 'a' }, { body: 'é' }]),
    )
    expect(sent).toHaveLength(2)
    expect(meter.read()).toMatchObject({
      ...{ 'collector|invocations': 1, 'collector|queue operations': 2, 'collector|messages written': 1 },
      ...{ 'cron|queue operations': 2, 'cron|messages written': 2, 'cron|message bytes': 3 },
    })
  })

  it('has a bucket whose writes and lists are class A, reads class B, and deletes free', async () => {
    const { meter } = openMeter()
    const env = meter.countEnv({ LAKE: createBucket() }) as { LAKE: Record<string, () => Promise<unknown>> }
    await meter.invoke('cron', async () => {
      expect(await env.LAKE['put']?.()).toBe(true)
      for (const method of ['list', 'get', 'head', 'delete']) await env.LAKE[method]?.()
      const upload = (await env.LAKE['createMultipartUpload']?.()) as Record<string, () => Promise<unknown>>
      expect(await upload['uploadPart']?.()).toBe(1)
      await upload['complete']?.()
      await upload['abort']?.()
    })
    expect(meter.read()).toMatchObject({ 'cron|class A': 5, 'cron|class B': 2 })
  })

  it('is the same for the same, because the Worker remembers by it', () => {
    const { meter } = openMeter()
    const env = { LAKE: createBucket() }
    expect(meter.countEnv(env)).toBe(meter.countEnv(env))
  })
})

describe('a batch', () => {
  it('is a read of each message, and a delete of those that are not retried', async () => {
    const { meter } = openMeter()
    let handed: ReturnType<typeof message>[] = []
    const messages = [message('a'), message('b'.repeat(70_000)), message('c')]
    await meter.invoke('consumer', () =>
      meter.countBatch({ queue: 'q', messages }, (batch) => {
        handed = [...(batch as { messages: typeof handed }).messages]
        handed[0]?.ack()
        handed[2]?.retry()
      }),
    )
    expect(handed.map(({ id, attempts }) => [id, attempts])).toHaveLength(3)
    // Reads of 1, 2 and 1; deletes of 1 and 2.
    expect(meter.read()).toMatchObject({ 'consumer|queue operations': 7, 'consumer|messages done': 2 })
  })

  it('whose handler throws is read and not deleted', async () => {
    const { meter } = openMeter()
    const handling = meter.invoke('consumer', () =>
      meter.countBatch({ queue: 'q', messages: [message('a')] }, () => Promise.reject(new Error('down'))),
    )
    await expect(handling).rejects.toThrow('down')
    expect(meter.read()).toMatchObject({ 'consumer|queue operations': 1 })
  })
})

describe('an object', () => {
  class Storage {
    sql = new Sql()
    async setAlarm() {}
  }
  class Sql {
    exec(rows: number) {
      return { rowsRead: rows, rowsWritten: 1 }
    }
  }
  class State {
    storage = new Storage()
    kept: Promise<unknown>[] = []
    waitUntil(promise: Promise<unknown>) {
      this.kept.push(promise)
    }
  }

  it('is active while any call of it is under way, and calls at once are billed once', async () => {
    const { meter, pass } = openMeter()
    const object = {}
    const ends: (() => void)[] = []
    const call = () =>
      meter.callObject(object, 'apply', () => new Promise<void>((resolve) => ends.push(resolve)))
    const first = call()
    pass(10)
    const second = call()
    pass(5)
    ends[0]?.()
    await first
    pass(5)
    ends[1]?.()
    await second
    pass(100)
    expect(meter.read()).toMatchObject({ 'object apply|requests': 2, 'object apply|active ms': 20 })
  })

  it('is active while something goes on behind a call', async () => {
    const { meter, pass } = openMeter()
    const state = new State()
    meter.watchState(state as unknown as Binding)
    let end = () => {}
    meter.callObject(state, 'alarm', () => {
      state.waitUntil(
        new Promise<void>((resolve) => {
          end = resolve
        }),
      )
    })
    pass(40)
    end()
    await state.kept[0]
    await new Promise((resolve) => setTimeout(resolve))
    expect(meter.read()).toMatchObject({ 'object alarm|active ms': 40 })
  })

  it('has its rows and alarms counted, of all objects of the class', async () => {
    const { meter } = openMeter()
    const [one, other] = [new State(), new State()]
    meter.watchState(one as unknown as Binding)
    meter.watchState(other as unknown as Binding)
    meter.callObject(other, 'apply', () => other.storage.sql.exec(3))
    await meter.callObject(one, 'alarm', () => one.storage.setAlarm())
    expect(meter.read()).toMatchObject({
      ...{ 'object apply|rows read': 3, 'object apply|rows written': 1, 'object alarm|alarms set': 1 },
    })
  })
})

it('lines of the log are counted by who writes them', () => {
  const { meter } = openMeter()
  const lines: unknown[] = []
  const console = { log: (line: string) => lines.push(line) }
  meter.watchConsole(console)
  meter.invoke('cron', () => console.log('four'))
  expect(lines).toEqual(['four'])
  expect(meter.read()).toMatchObject({ 'cron|log lines': 1, 'cron|log bytes': 4 })
})
