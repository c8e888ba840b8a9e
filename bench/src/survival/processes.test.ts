import { expect, it } from 'vitest'
import { selectDescendants } from './processes.ts'

it('descendants are children, and children of children, and nobody else', () => {
  const all = [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 1],
    [9, 8],
  ].map(([pid = 0, parent = 0]) => ({ pid, parent, name: '', args: [] }))
  expect(selectDescendants(all, 1).map(({ pid }) => pid)).toEqual([2, 3, 4])
})
