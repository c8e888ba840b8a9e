import { describe, expect, it } from 'vitest'
import { createFailureLog, type SinkFailure } from './failure-log.ts'

const failure = (given: Partial<SinkFailure> = {}): SinkFailure => ({
  ...{ level: 'warn', event: 'sink_failed', sink: 'warehouse', messageId: 'm1', attempts: 1 },
  ...{ delaySeconds: 1, error: 'away', ...given },
})

describe('the log of failures', () => {
  it('has one line for messages that failed alike, with the most of each', () => {
    const logged: unknown[] = []
    const failures = createFailureLog((record) => void logged.push(record))
    failures.add(failure())
    failures.add(failure({ messageId: 'm2', attempts: 4, delaySeconds: 9 }))
    failures.add(failure({ messageId: 'm3', sink: 'lake' }))
    expect(logged).toEqual([])
    failures.flush()
    expect(logged).toEqual([
      { ...failure(), attempts: 4, delaySeconds: 9, count: 2 },
      { ...failure({ messageId: 'm3', sink: 'lake' }), count: 1 },
    ])
    failures.flush()
    expect(logged).toHaveLength(2)
  })

  it('cuts what a sink says', () => {
    const logged: Record<string, unknown>[] = []
    const failures = createFailureLog((record) => void logged.push(record))
    failures.add(failure({ error: 'x'.repeat(1_000) }))
    failures.flush()
    expect(logged[0]?.['error']).toHaveLength(300)
  })
})
