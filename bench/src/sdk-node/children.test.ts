import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChild, summarize } from './children.ts'
import { type NodeRecorder, startNodeRecorder } from './recorder.ts'
import type { Task } from './task.ts'

let recorder: NodeRecorder
beforeAll(async () => {
  recorder = await startNodeRecorder()
})
afterAll(() => recorder.stop())

function start(subject: string, run: string, task: Task, deadlineMs = 20_000) {
  return startChild({ subject, options: { endpoint: recorder.endpoint, run }, task }, deadlineMs)
}

describe('a measured process', () => {
  it('delivers to the recorder, and says when its own work was done', async () => {
    const child = start('posthog', 'flushed', { kind: 'end', events: 250, ending: 'flush' })
    const { at, code, isOverdue } = await child.ended
    const tracked = await child.heard('tracked')
    expect({ code, isOverdue }).toEqual({ code: 0, isOverdue: false })
    expect(tracked?.at).toBeLessThanOrEqual(at)
    expect(await recorder.settled('flushed', 250, 2_000)).toMatchObject({ arrived: 250, doubled: 0 })
  })

  it('is killed at its deadline, and what was not said is undefined', async () => {
    const child = start('posthog', 'overdue', { kind: 'end', events: 1, ending: 'stay' }, 3_000)
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL', isOverdue: true })
    expect(await child.heard('memory')).toBeUndefined()
  })

  it('tells the error that it ended with', async () => {
    const { code, complaint } = await start('nobody', 'none', { kind: 'recover' }).ended
    expect(code).toBe(1)
    expect(complaint).toContain('Cannot find module')
  })

  it('counts what it tried while the collector refuses connections', async () => {
    const own = await startNodeRecorder()
    try {
      await own.refuse()
      const options = { endpoint: own.endpoint, run: 'away' }
      const task = { kind: 'outage', events: 3, durationMs: 1_500 } as const
      const child = startChild({ subject: 'mixpanel', options, task }, 20_000)
      const said = await child.heard('memory')
      expect(said?.memory).toMatchObject({ requests: 3, connections: 3 })
      expect((await child.heard('drops'))?.count).toBe(3)
      child.signal('SIGKILL')
      await child.ended
      await own.accept()
      expect(await own.counts('away')).toMatchObject({ arrived: 0 })
    } finally {
      await own.stop()
    }
  })
})

describe('summarize', () => {
  it.each([
    ['names the error among its stack', 'file:1\n\nTypeError: no\n    at a\n\nNode.js v24', 'TypeError: no'],
    ['takes the last line where no error is named', 'one\ntwo\n', 'two'],
    ['has nothing of nothing', '', ''],
  ])('%s', (_, text, summary) => {
    expect(summarize(text)).toBe(summary)
  })
})
