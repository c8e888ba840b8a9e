import { expect, test } from 'vitest'
import { buildEvent, createTraffic, EVENT_SIZES } from './traffic.ts'

test.each(Object.entries(EVENT_SIZES))('events called %s are of about %i bytes', (_, bytes) => {
  const sizes = Array.from(
    { length: 400 },
    (__, index) => JSON.stringify(buildEvent(index, bytes, 1e12)).length,
  )
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  expect(Math.abs(mean - bytes) / bytes).toBeLessThan(0.06)
})

test('no event of a sender has the id of another', () => {
  const traffic = createTraffic(() => 1e12)
  const bodies = [traffic.next(50, '650 B'), traffic.next(50, '650 B')]
  const ids = bodies.flatMap((body) =>
    (JSON.parse(body).batch as { messageId: string }[]).map((one) => one.messageId),
  )
  expect(new Set(ids).size).toBe(100)
})
