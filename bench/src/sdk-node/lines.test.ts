import { describe, expect, it } from 'vitest'
import type { Contender } from './contenders.ts'
import { describeEndings, describeRows, type EndOutcome } from './end-lines.ts'
import { ENDINGS } from './endings.ts'
import { describeFailure } from './lines.ts'
import { describeOutage, type OutageOutcome } from './outage.ts'
import { formatNodeTables } from './table.ts'

const OWN: Contender = {
  row: 'millrace',
  sdk: { name: 'millrace', package: '@millrace/node', version: '1', hasFlush: true },
}

const SPOOLED: Contender = { ...OWN, row: 'millrace, spool', spool: {} }

const PEER: Contender = { row: 'segment', sdk: { ...OWN.sdk, name: 'segment' } }

function outcome(changes: Partial<EndOutcome> = {}): EndOutcome {
  const how = { code: 0, signal: null, isOverdue: false }
  return { run: 'r', events: 1_000, arrived: 1_000, doubled: 0, heldMs: 30, ...how, ...changes }
}

function ending(label: string) {
  const scenario = ENDINGS.find((one) => one.label === label)
  if (scenario === undefined) throw new Error(`there is no ${label}`)
  return scenario
}

function series(contender: Contender, label: string, outcomes: EndOutcome[], errors: string[] = []) {
  return describeEndings({ contender, scenario: ending(label), outcomes, errors })
}

describe('lines of an ending', () => {
  it('promise everything with a spool, and without one only where the SDK can still work', () => {
    const aims = [
      series(SPOOLED, 'process.exit(0)', [outcome()])[0]?.aim,
      series(OWN, 'process.exit(0)', [outcome()])[0]?.aim,
      series(OWN, 'natural end', [outcome()])[0]?.aim,
      series(PEER, 'natural end', [outcome()])[0]?.aim,
    ]
    expect(aims).toEqual([{ atLeast: 100 }, undefined, { atLeast: 100 }, undefined])
  })

  it('miss the aim when one event of one repetition is missing, doubled, or a repetition failed', () => {
    const missing = series(SPOOLED, 'process.exit(0)', [outcome(), outcome({ arrived: 999 })])
    const doubled = series(SPOOLED, 'process.exit(0)', [outcome({ doubled: 1 })])
    const failed = series(SPOOLED, 'process.exit(0)', [outcome()], ['it broke'])
    for (const lines of [missing, doubled, failed]) {
      expect(formatNodeTables(lines).join('\n')).toContain('0 of 1 aims kept')
    }
    expect(doubled[0]?.shown).toBe('1,000/1,000 +1')
  })

  it('say how long a process was held, and hold ours to 0.4 s at its natural end', () => {
    const lines = series(
      OWN,
      'natural end',
      [10, 500, 450].map((heldMs) => outcome({ heldMs })),
    )
    const held = lines.find(({ unit }) => unit === 'ms')
    expect(held).toMatchObject({ value: 450, aim: { atMost: 400 } })
  })

  it('count the requests of 5,000 events in one go', () => {
    const lines = series(OWN, 'flush() 5,000', [outcome({ events: 5_000, arrived: 5_000, requests: 51 })])
    expect(lines.at(-1)).toMatchObject({ column: 'requests', value: 51, aim: { atMost: 50 } })
  })

  it('show a process that was killed at its deadline as killed', () => {
    const lines = series(PEER, 'flush() 5,000', [outcome({ isOverdue: true, arrived: 0 })])
    expect(lines.find(({ unit }) => unit === 'ms')?.shown).toBe('killed')
    const never = series(PEER, 'flush() 5,000', [outcome({ isOverdue: true, heldMs: Number.NaN })])
    expect(never.find(({ unit }) => unit === 'ms')?.shown).toBe('killed in track()')
  })
})

describe('rows in ClickHouse', () => {
  it('are added up over the repetitions, before its dedupe and after', () => {
    const outcomes = [outcome({ rawRows: 1_100 }), outcome({ arrived: 999, doubled: 2, rawRows: 1_001 })]
    const lines = describeRows({
      contender: SPOOLED,
      scenario: ending('process.exit(0)'),
      outcomes,
      errors: [],
    })
    expect(lines.map(({ value }) => value)).toEqual([2_000, 1_999, 2_001, 2_101])
  })
})

describe('lines of an outage', () => {
  const MIB = 2 ** 20

  const whole: OutageOutcome = {
    ...{ heapGrowth: 8 * MIB, peakGrowth: 20 * MIB, requests: 5, connections: 5, cutOff: 0 },
    ...{ told: 0, arrived: 20_000, doubled: 0, recoveryMs: 900 },
  }

  function aimsOf(changes: Partial<OutageOutcome>, contender = OWN): string | undefined {
    const lines = describeOutage('outage', { contender, row: contender.row }, { ...whole, ...changes })
    return formatNodeTables(lines).find((line) => line.includes('aims kept'))
  }

  it('keep all aims when what was not told to be dropped has arrived', () => {
    expect(aimsOf({})).toBe('  4 of 4 aims kept')
    expect(aimsOf({ told: 3_000, arrived: 17_000 })).toBe('  4 of 4 aims kept')
  })

  it.each([
    ['one event is neither there nor told', { arrived: 19_999 }],
    ['one was told as dropped and came', { told: 1 }],
    ['the heap grew by 17 MiB', { heapGrowth: 17 * MIB }],
    ['there were six requests', { requests: 6 }],
    ['an event is doubled', { doubled: 1 }],
  ])('miss one when %s', (_, changes) => {
    expect(aimsOf(changes)).toBe('  3 of 4 aims kept')
  })

  it('have no aims for a peer', () => {
    expect(aimsOf({}, PEER)).toBe('  0 of 0 aims kept')
  })
})

describe('tables', () => {
  it('have a row an SDK and a column a number, and name what failed', () => {
    const lines = [
      ...series(OWN, 'process.exit(0)', [outcome({ arrived: 0 })]),
      describeFailure('cost', 'jitsu', 'EMFILE'),
    ]
    expect(formatNodeTables(lines)).toEqual([
      '',
      '  ends: arrived, of those tracked; +n stay double',
      '              process.exit(0)',
      '    millrace          0/1,000',
      '',
      '  ends: ms until the process is gone, median',
      '              process.exit(0)',
      '    millrace               30',
      '  failed: cost: jitsu: EMFILE',
      '',
      '  0 of 0 aims kept',
    ])
  })
})
