import { expect, it } from 'vitest'
import { type ServeOptions, serve } from './serve.ts'
import type { Stack } from './stack.ts'

/** A stack that only says what became of it. */
function fakeStack(number: number, log: string[]): Stack {
  const told = { worker: { url: 'http://127.0.0.1:1' }, clickhouseUrl: 'http://127.0.0.1:2' }
  const stop = async () => void log.push(`stop ${number}`)
  return { ...told, stop } as unknown as Stack
}

/** Serves with stacks that are numbered; `change` is what a changed file does. */
function createServing(overrides: Partial<ServeOptions> = {}) {
  const log: string[] = []
  const said: string[] = []
  const ending = new AbortController()
  let count = 0
  let change: () => Promise<void> = async () => {}
  let tellReady = () => {}
  const ready = new Promise<void>((resolve) => {
    tellReady = resolve
  })
  const ended = serve({
    readEnv: async () => ({ PORT: '0', CLICKHOUSE_PORT: '0' }),
    secretsPlace: 'a file',
    readConfig: async () => {
      log.push('read')
      return { sources: [{ name: 'shop', writeKeys: ['wk'], readTokenVar: 'SHOP_READ_TOKEN' }] }
    },
    build: async () => void log.push('build'),
    watch: (onChange) => {
      change = onChange
      tellReady()
    },
    signal: ending.signal,
    print: (text) => said.push(text),
    say: (line) => said.push(line),
    start: async () => {
      count += 1
      log.push(`start ${count}`)
      return fakeStack(count, log)
    },
    ...overrides,
  })
  return { log, said, ended, ready, end: () => ending.abort(), change: () => change() }
}

it('what is told to end is stopped, and ends with 0', async () => {
  const { log, said, ended, ready, end } = createServing()
  await ready
  end()
  expect(await ended).toBe(0)
  expect(log).toEqual(['read', 'build', 'start 1', 'stop 1'])
  expect(said[0]).toContain('SHOP_READ_TOKEN is not set: no queries for shop. Any text will do, in a file')
})

it('a change is built before what runs is stopped, and once', async () => {
  const { log, ended, ready, end, change } = createServing()
  await ready
  await change()
  end()
  expect(await ended).toBe(0)
  expect(log).toEqual(['read', 'build', 'start 1', 'read', 'build', 'stop 1', 'start 2', 'stop 2'])
})

it('a change that cannot be built leaves what runs', async () => {
  let builds = 0
  const build = async () => {
    builds += 1
    if (builds > 1) throw new Error('a comma is missing')
  }
  const { log, said, ended, ready, end, change } = createServing({ build })
  await ready
  await change()
  expect(said).toContain('not restarted: a comma is missing')
  end()
  expect(await ended).toBe(0)
  expect(log).toEqual(['read', 'start 1', 'read', 'stop 1'])
})

it('an end during a restart stops what the restart has started', async () => {
  let count = 0
  let endNow = () => {}
  const log: string[] = []
  const start = async () => {
    count += 1
    if (count === 2) endNow()
    return fakeStack(count, log)
  }
  const { ended, ready, end, change } = createServing({ start })
  endNow = end
  await ready
  await change()
  expect(await ended).toBe(0)
  expect(log).toEqual(['stop 1', 'stop 2'])
})

it('what is told to end before it has begun starts nothing', async () => {
  const { log, ended } = createServing({ signal: AbortSignal.abort() })
  expect(await ended).toBe(0)
  expect(log).toEqual([])
})

it('what does not start ends with 1 and the reason', async () => {
  const { said, ended } = createServing({ start: () => Promise.reject(new Error('port 1 is in use')) })
  expect(await ended).toBe(1)
  expect(said).toContain('port 1 is in use')
})
