import { expect, test } from 'vitest'
import { type CpuProfile, sumByFile, summarizeProfile } from './profile.ts'

const BUNDLE = [
  '// node_modules/hono/dist/hono.js',
  'function dispatch() {}',
  '// collector/src/app.ts',
  'function receive() {}',
  'function walk() {}',
].join('\n')

function at(functionName: string, lineNumber: number) {
  return { functionName, url: lineNumber < 0 ? '' : 'worker.js', lineNumber, columnNumber: 0 }
}

/** `dispatch` calls `receive`, which calls `walk`, which calls itself; and the collector of garbage. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: at('(root)', -1), children: [2, 6] },
    { id: 2, callFrame: at('dispatch', 1), children: [3] },
    { id: 3, callFrame: at('receive', 3), children: [4] },
    { id: 4, callFrame: at('walk', 4), children: [5] },
    { id: 5, callFrame: at('walk', 4) },
    { id: 6, callFrame: at('(garbage collector)', -1) },
  ],
  startTime: 0,
  endTime: 1_000,
  samples: [2, 3, 4, 4, 5, 5, 5, 5, 6, 6],
  timeDeltas: Array(10).fill(100),
}

test('profile is summed by function, recursion once, with the file it was bundled from', () => {
  const shares = summarizeProfile(PROFILE, BUNDLE)
  expect(shares.map(({ name, file, line }) => [name, file, line])).toEqual([
    ['walk', 'collector/src/app.ts', 5],
    ['(garbage collector)', '', 0],
    ['dispatch', 'node_modules/hono/dist/hono.js', 2],
    ['receive', 'collector/src/app.ts', 4],
    ['(root)', '', 0],
  ])
  expect(shares.map(({ self }) => Math.round(self * 100))).toEqual([60, 20, 10, 10, 0])
  expect(shares.map(({ total }) => Math.round(total * 100))).toEqual([60, 20, 80, 70, 100])
})

test('profile is summed by file', () => {
  const files = sumByFile(summarizeProfile(PROFILE, BUNDLE))
  expect(files.map(([file, self]) => [file, Math.round(self * 100)])).toEqual([
    ['collector/src/app.ts', 70],
    ['(garbage collector)', 20],
    ['node_modules/hono/dist/hono.js', 10],
    ['(root)', 0],
  ])
})
