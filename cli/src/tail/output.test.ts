import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createPacedOutput } from './output.ts'

/** A stream of one byte's room, whose writes wait until they are let through. */
function createSlowStream() {
  const waiting: (() => void)[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => void waiting.push(done),
  })
  return { stream, letThrough: () => waiting.shift()?.() }
}

const settled = async (promise: Promise<void>) => {
  let isSettled = false
  void promise.then(() => {
    isSettled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return isSettled
}

describe('paced output', () => {
  it('waits for room, so that nothing piles up', async () => {
    const { stream, letThrough } = createSlowStream()
    const output = createPacedOutput(stream, new AbortController().signal, () => {})
    const write = output.write('four')
    expect([await settled(write), stream.writableLength]).toEqual([false, 4])
    letThrough()
    await write
    expect(stream.writableLength).toBe(0)
  })

  it('waits no longer when it is stopped, and writes nothing more', async () => {
    const { stream } = createSlowStream()
    const stopping = new AbortController()
    const output = createPacedOutput(stream, stopping.signal, () => {})
    const write = output.write('four')
    stopping.abort()
    await write
    await output.write('more')
    expect(stream.writableLength).toBe(4)
  })

  it.each([new Error('EPIPE'), undefined])('says that nobody reads any more (%s)', async (error) => {
    const { stream } = createSlowStream()
    let goneCount = 0
    const output = createPacedOutput(stream, new AbortController().signal, () => {
      goneCount += 1
    })
    const write = output.write('four')
    stream.destroy(error)
    await write
    expect(goneCount).toBeGreaterThan(0)
    await output.write('more')
    output.close()
    expect([stream.listenerCount('error'), stream.listenerCount('close')]).toEqual([0, 0])
  })
})
