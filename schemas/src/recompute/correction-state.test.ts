import { describe, expect, it } from 'vitest'
import { type Correction, stateOf } from './correction-state.ts'

const correct = (messageId: string, changes: object, targetId = 'e'): Correction => ({
  targetId,
  messageId,
  kind: 'correct',
  changes: JSON.stringify(changes),
  timestamp: `2026-01-01 00:00:0${messageId.slice(1)}`,
})
const retract = (messageId: string, targetId = 'e'): Correction => ({
  targetId,
  messageId,
  kind: 'retract',
  changes: '{}',
  timestamp: `2026-01-01 00:00:0${messageId.slice(1)}`,
})

describe('stateOf', () => {
  it.each<[string, Correction[], object]>([
    ['nothing leaves it as it came', [], { kind: 'restored' }],
    ['a correction', [correct('c1', { event: 'B' })], { kind: 'corrected', changes: { event: 'B' } }],
    [
      'the later of two',
      [correct('c2', { event: 'C' }), correct('c1', { event: 'B', name: 'n' })],
      { kind: 'corrected', changes: { event: 'C', name: 'n' } },
    ],
    [
      'keys of properties one by one',
      [correct('c1', { properties: { a: 1, b: 1 } }), correct('c2', { properties: { b: 2 } })],
      { kind: 'corrected', changes: { properties: { a: 1, b: 2 } } },
    ],
    ['a retraction', [retract('r1')], { kind: 'retracted' }],
    [
      'a retraction before a correction',
      [retract('r1'), correct('c2', { event: 'B' })],
      { kind: 'retracted' },
    ],
    ['a retracted retraction', [retract('r1'), retract('r2', 'r1')], { kind: 'restored' }],
    [
      'a retracted correction beside another',
      [correct('c1', { event: 'B' }), correct('c2', { name: 'n' }), retract('r3', 'c1')],
      { kind: 'corrected', changes: { name: 'n' } },
    ],
    [
      'a retraction that was retracted, which was retracted',
      [retract('r1'), retract('r2', 'r1'), retract('r3', 'r2')],
      { kind: 'retracted' },
    ],
    ['a retraction of itself', [retract('r1', 'r1'), retract('r2')], { kind: 'retracted' }],
  ])('%s', (_what, corrections, expected) => {
    expect(stateOf('e', corrections)).toEqual(expected)
    expect(stateOf('e', corrections.toReversed())).toEqual(expected)
  })

  it('ends where corrections retract each other in a circle', () => {
    expect(stateOf('e', [retract('r1'), retract('r2', 'r1'), retract('r1', 'r2')]).kind).toBeDefined()
  })
})
