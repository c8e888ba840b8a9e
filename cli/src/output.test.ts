import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { watchOutput } from './output.ts'

/** Two watched streams; a write fails with the stream's code, if it has one. */
function setUp(codes: { stdout?: string; stderr?: string }) {
  const written: string[] = []
  let failureCount = 0
  const createStream = (code: string | undefined) =>
    new Writable({
      // As the streams of a process: an error does not end them.
      autoDestroy: false,
      write(chunk, _, done) {
        if (code === undefined) written.push(String(chunk))
        done(code === undefined ? null : Object.assign(new Error(`${code}: no write`), { code }))
      },
    })
  const streams = { stdout: createStream(codes.stdout), stderr: createStream(codes.stderr) }
  watchOutput({ ...streams, onFailure: () => (failureCount += 1) })
  return { ...streams, written, failureCount: () => failureCount }
}

/** Resolves when the errors of the writes so far were emitted. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('output', () => {
  it('that nobody reads any more is no failure', async () => {
    const { stdout, stderr, written, failureCount } = setUp({ stdout: 'EPIPE', stderr: 'EPIPE' })
    stdout.write('report')
    stderr.write('note')
    await settle()
    expect([written, failureCount()]).toEqual([[], 0])
  })

  it('that cannot be written is a failure, told once', async () => {
    const { stdout, written, failureCount } = setUp({ stdout: 'ENOSPC' })
    stdout.write('one')
    await settle()
    stdout.write('two')
    await settle()
    expect(written).toEqual(['millrace: cannot write to standard output: ENOSPC: no write\n'])
    expect(failureCount()).toBe(1)
  })

  it('on standard error that cannot be written is a failure without words', async () => {
    const { stderr, written, failureCount } = setUp({ stderr: 'ENOSPC' })
    stderr.write('note')
    await settle()
    expect([written, failureCount()]).toEqual([[], 1])
  })
})
