import { expect, test } from 'vitest'
import { areInvocationsLogged } from './log-settings.ts'

test.each([
  [undefined, false],
  [{}, false],
  [{ enabled: true }, true],
  [{ enabled: true, logs: { invocation_logs: false } }, false],
  [{ enabled: true, logs: { enabled: false } }, false],
  [{ logs: { enabled: true } }, true],
])('with observability %j a line of each invocation is kept: %j', (observability, isKept) => {
  expect(areInvocationsLogged(observability)).toBe(isKept)
})
