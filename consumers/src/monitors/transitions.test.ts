import { describe, expect, it } from 'vitest'
import { MAX_KEYS, type MonitorResult } from './result.ts'
import { decideTransitions } from './transitions.ts'

const resultOf = (state: 'ok' | 'firing', keys: string[] = [], more = 0): MonitorResult => ({
  name: 'm',
  source: 'shop',
  kind: 'per_key',
  state,
  at: 1,
  message: 'so',
  value: 7,
  keys: keys.map((key) => ({ key, message: key, value: 1 })),
  more,
})

const decide = (firing: string[], result: MonitorResult) => {
  const { fired, recovered, more } = decideTransitions(new Set(firing), result)
  return [fired.map(({ key }) => key), recovered, more]
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `k${index + from}`)

describe('decideTransitions', () => {
  it.each<[string, string[], MonitorResult, [string[], string[], number]]>([
    ['fires for the whole', [], resultOf('firing'), [[''], [], 0]],
    ['changes nothing that holds', [''], resultOf('firing'), [[], [], 0]],
    ['recovers', [''], resultOf('ok'), [[], [''], 0]],
    ['is ok as before', [], resultOf('ok'), [[], [], 0]],
    ['fires and recovers by key', ['a', 'b'], resultOf('firing', ['b', 'c']), [['c'], ['a'], 0]],
    ['takes a key once', [], resultOf('firing', ['a', 'a']), [['a'], [], 0]],
    ['recovers all keys', ['a', 'b'], resultOf('ok'), [[], ['a', 'b'], 0]],
    ['leaves keys that are not told', ['a', 'b'], resultOf('firing', ['b', 'c'], 5), [['c'], [], 4]],
    ['goes from the whole to keys', [''], resultOf('firing', ['a'], 1), [['a'], [''], 1]],
  ])('%s', (_what, firing, result, expected) => {
    expect(decide(firing, result)).toEqual(expected)
  })

  it('keeps a hundred keys, counts the others, and tells them when there is room', () => {
    const full = numbered(MAX_KEYS)
    expect(decide(full, resultOf('firing', [...full, 'x', 'y']))).toEqual([[], [], 2])
    expect(decide(full, resultOf('firing', [...full.slice(1), 'x', 'y']))).toEqual([['x'], ['k0'], 1])
    expect(decide([], resultOf('firing', numbered(130)))).toEqual([full, [], 30])
  })

  it('decides all keys that were judged though they are not told, so that there is room again', () => {
    const full = numbered(MAX_KEYS)
    // Of 130 that fire 80 did before; what is told begins with those.
    const result = resultOf('firing', [...full.slice(20), ...numbered(20, 100)], 30)
    expect(decide(full, result)).toEqual([[], [], 30])
    expect(decide(full, { ...result, judged: full })).toEqual([numbered(20, 100), numbered(20), 30])
    // A key that began to fire after the question was asked is not among them.
    expect(decide(full, { ...result, judged: full.slice(1) })).toEqual([
      numbered(19, 100),
      numbered(19, 1),
      30,
    ])
  })
})
