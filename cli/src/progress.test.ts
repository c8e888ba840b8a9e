import { expect, it } from 'vitest'
import { createSink } from './fakes.ts'
import { createProgress } from './progress.ts'

it('a note shows what a terminal would obey', () => {
  const { stream, writes } = createSink()
  createProgress({ stream, totalBytes: undefined }).note('busy \u001b[2J')
  expect(writes).toEqual(['busy \\u{1b}[2J\n'])
})

it('progress is a line now and then where there is no terminal', () => {
  let time = 0
  const { stream, text } = createSink()
  const progress = createProgress({ stream, totalBytes: 4_000_000, now: () => time })
  for (time = 0; time <= 21_000; time += 1_000) {
    progress.update({ bytesRead: 1_000_000, totalBytes: 4_000_000, lines: 5_000, pageViews: 1_000 })
  }
  progress.stop()
  expect(text()).toBe(
    '1.0 MB of 4.0 MB, 5000 lines, 1000 page views, 500 lines/s\n1.0 MB of 4.0 MB, 5000 lines, 1000 page views, 250 lines/s\n',
  )
})
