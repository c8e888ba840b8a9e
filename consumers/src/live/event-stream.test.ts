import type { ChangeMessage, LiveMessage } from '@millrace/schemas/live'
import { describe, expect, it, vi } from 'vitest'
import { createEventStream } from './event-stream.ts'

const change = (version: string, more: object = {}): LiveMessage =>
  ({ type: 'change', version, now: 0, watermark: 0, windows: [], ...more }) as ChangeMessage

function start() {
  const acknowledged: string[] = []
  const onEnd = vi.fn()
  const stream = createEventStream(onEnd)
  return {
    ...stream,
    acknowledged,
    onEnd,
    watcher: { acknowledge: (version: string) => void acknowledged.push(version), tail: () => {} },
  }
}

const read = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  new TextDecoder().decode((await reader.read()).value)

describe('stream of events', () => {
  it('is messages as server-sent events, one line of data each', async () => {
    const { body, outlet, onAdded, watcher } = start()
    outlet.send(change('e.1', { events: [{ event: 'a\nb\r\u2028data: x' }] }))
    onAdded(watcher)
    outlet.send({ type: 'error', code: 'c', message: 'm' })
    const reader = body.getReader()
    const [first, second] = [await read(reader), await read(reader)]
    const lines = first.split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual(['event', 'id', 'data', '', ''])
    expect(JSON.parse(lines[2]?.slice(6) ?? '')).toMatchObject({
      version: 'e.1',
      events: [{ event: 'a\nb\r\u2028data: x' }],
    })
    expect(second).toBe('event: error\ndata: {"code":"c","message":"m"}\n\n')
    await reader.cancel()
  })

  it('says that a message is taken while there is room, and otherwise when there is room again', async () => {
    const { body, outlet, onAdded, watcher, acknowledged } = start()
    onAdded(watcher)
    outlet.send(change('e.1'))
    expect(new Set(acknowledged)).toEqual(new Set(['e.1']))
    outlet.send(change('e.2'))
    expect(acknowledged).not.toContain('e.2')
    const reader = body.getReader()
    await read(reader)
    await vi.waitFor(() => expect(acknowledged).toContain('e.2'))
    await reader.cancel()
  })

  it('says that the first message is taken, which was there before the watcher', () => {
    const { outlet, onAdded, watcher, acknowledged, body } = start()
    outlet.send(change('e.1'))
    onAdded(watcher)
    expect(acknowledged).toEqual(['e.1'])
    return body.cancel()
  })

  it('ends when nobody reads any more, once, and takes nothing after that', async () => {
    const { body, outlet, onEnd } = start()
    await body.cancel()
    outlet.send(change('e.1'))
    outlet.close(1013, '')
    expect(onEnd.mock.calls.length).toBeGreaterThanOrEqual(1)
    // A second word of the end must not take away another watcher: the owner removes by the outlet.
    expect(onEnd.mock.calls.every((call) => call.length === 0)).toBe(true)
  })

  it('ends for the reader when it is closed', async () => {
    const { body, outlet, onEnd } = start()
    outlet.send(change('e.1'))
    outlet.close(1013, 'slow')
    const reader = body.getReader()
    expect(await read(reader)).toContain('e.1')
    expect((await reader.read()).done).toBe(true)
    expect(onEnd).toHaveBeenCalledOnce()
  })

  it('says something now and then, and nothing after the end', async () => {
    vi.useFakeTimers()
    try {
      const { body } = start()
      vi.advanceTimersByTime(15_000)
      const reader = body.getReader()
      expect(await read(reader)).toBe(': still here\n\n')
      await reader.cancel()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
