import { expect, it } from 'vitest'
import { oncePerTurn } from './once-per-turn.ts'

it('work that is asked for twice in a turn is done once, and again in a later one', () => {
  const deferred: (() => void)[] = []
  let runs = 0
  const ask = oncePerTurn(
    (callback) => void deferred.push(callback),
    () => {
      runs += 1
    },
  )
  ask()
  ask()
  expect([runs, deferred.length]).toEqual([0, 1])
  deferred[0]?.()
  ask()
  expect([runs, deferred.length]).toEqual([1, 2])
})
