import { expect, it } from 'vitest'
import { createSink } from './fakes.ts'
import { createProgress } from './progress.ts'

const WORDS = { records: 'lines', events: 'page views' }

it('a note shows what a terminal would obey', () => {
  const { stream, writes } = createSink()
  createProgress({ stream, totalBytes: undefined, words: WORDS }).note('busy \u001b[2J')
  expect(writes).toEqual(['busy \\u{1b}[2J\n'])
})

it('progress is a line now and then where there is no terminal', () => {
  let time = 0
  const { stream, text } = createSink()
  const progress = createProgress({ stream, totalBytes: 4_000_000, words: WORDS, now: () => time })
  for (time = 0; time <= 21_000; time += 1_000) {
    progress.update({ bytesRead: 1_000_000, totalBytes: 4_000_000, records: 5_000, events: 1_000 })
  }
  progress.stop()
  expect(text().split('\n')).toEqual([
    '1.0 MB of 4.0 MB, 5,000 lines, 1,000 page views, 500 lines/s, 30 s left',
    '1.0 MB of 4.0 MB, 5,000 lines, 1,000 page views, 250 lines/s, 1 min 0 s left',
    '',
  ])
})

it('progress of a second run tells its own pace', () => {
  let time = 0
  const { stream, text } = createSink()
  const first = { bytes: 8_000_000, records: 80_000 }
  const progress = createProgress({ stream, totalBytes: 49_000_000, words: WORDS, first, now: () => time })
  time = 10_000
  progress.update({ bytesRead: 9_000_000, totalBytes: 49_000_000, records: 90_000, events: 0 })
  expect(text()).toBe('9.0 MB of 49.0 MB, 90,000 lines, 0 page views, 1,000 lines/s, 6 min 40 s left\n')
})
