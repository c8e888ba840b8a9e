import { describe, expect, it } from 'vitest'
import { withFlush } from './serverless.ts'

/** A client whose flush takes a turn, and notes when it begins and ends. */
function createClient(log: string[], fails = false) {
  return {
    async flush(options?: { timeoutMs?: number | undefined }) {
      log.push(`flush ${options?.timeoutMs}`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push('flushed')
      if (fails) throw new Error('no flush')
      return {}
    },
  }
}

const boom = new Error('boom')

type LambdaCallback = (error: unknown, result?: string) => void

describe('withFlush', () => {
  it.each([
    ['an async handler', async (name: string) => `hello ${name}`],
    ['a plain one', (name: string) => `hello ${name}`],
    [
      'one with a callback',
      (name: string, _: object, callback: LambdaCallback) => callback(null, `hello ${name}`),
    ],
    [
      'one with a callback that it does not use',
      async (name: string, _: object, __: unknown) => `hello ${name}`,
    ],
  ])('answers for %s once its events are sent', async (_, handler) => {
    const log: string[] = []
    const wrapped = withFlush(createClient(log), handler as (...args: unknown[]) => unknown)
    expect(await wrapped('Ada', {}).finally(() => log.push('answered'))).toBe('hello Ada')
    expect(log).toEqual(['flush 2000', 'flushed', 'answered'])
  })

  it.each([
    ['rejects', async () => Promise.reject(boom)],
    [
      'throws',
      () => {
        throw boom
      },
    ],
    ['calls back with an error', (_: object, __: object, callback: LambdaCallback) => callback(boom)],
    [
      'throws in front of its callback',
      (_: object, __: object, ___: LambdaCallback) => {
        throw boom
      },
    ],
  ])('passes on the error of a handler that %s, once its events are sent', async (_, handler) => {
    const log: string[] = []
    const wrapped = withFlush(createClient(log), handler as (...args: unknown[]) => unknown, {
      timeoutMs: 50,
    })
    await expect(wrapped({}, {})).rejects.toBe(boom)
    expect(log).toEqual(['flush 50', 'flushed'])
  })

  it('gives the handler its arguments, and AWS no reason to expect a callback', async () => {
    const wrapped = withFlush(createClient([]), (...args: unknown[]) => args)
    expect(await wrapped(1, 2, 3)).toEqual([1, 2, 3])
    expect(withFlush(createClient([]), (_: 1, __: 2, ___: 3) => {})).toHaveLength(0)
  })

  it('passes a streaming handler its context in the third place', async () => {
    const context = { awsRequestId: 'r' }
    const wrapped = withFlush(createClient([]), async (_: object, __: object, third: object) => third)
    expect(await wrapped({}, {}, context)).toBe(context)
  })

  it('does not keep a response waiting where the platform waits for events itself', async () => {
    const log: string[] = []
    const kept: Promise<unknown>[] = []
    const wrapped = withFlush(createClient(log), async (_: string, __: object, ___: object) => 'response')
    const context = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) }
    expect(await wrapped('request', {}, context)).toBe('response')
    expect(log).toEqual(['flush 2000'])
    await Promise.all(kept)
    expect(log).toEqual(['flush 2000', 'flushed'])
  })

  it('keeps a result though the events cannot be sent', async () => {
    expect(await withFlush(createClient([], true), () => 7)()).toBe(7)
    const broken = {
      flush() {
        throw boom
      },
    }
    expect(await withFlush(broken, () => 7)()).toBe(7)
  })

  it.each([-1, Number.NaN, '5'])('refuses %j milliseconds', (timeoutMs) => {
    expect(() => withFlush(createClient([]), () => 7, { timeoutMs: timeoutMs as number })).toThrow(
      `timeoutMs must be a number >= 0, got ${timeoutMs}`,
    )
  })
})
