import { expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { createFileProgress } from './file-progress.ts'

const DONE = { files: 3, totalFiles: 12, bytes: 2_000_000, totalBytes: 8_000_000 }

it('progress over files is a line now and then where there is no terminal', () => {
  let time = 0
  const { stream, text } = createSink()
  const progress = createFileProgress({ stream, now: () => time })
  for (time = 0; time <= 21_000; time += 1_000) progress.update(DONE)
  progress.note('busy \u001b[2J')
  progress.stop()
  const line = '3 of 12 files, 2.0 MB of 8.0 MB\n'
  expect(text()).toBe(`${line}${line}busy \\u{1b}[2J\n`)
})

it('progress over files is a bar on a terminal', () => {
  const { stream, text } = createSink()
  const progress = createFileProgress({ stream: Object.assign(stream, { isTTY: true }) })
  progress.stop()
  expect(text()).toBe('')
  progress.update(DONE)
  progress.stop()
  expect(text()).toContain('25% of 8.0 MB | 3 of 12 files')
})
