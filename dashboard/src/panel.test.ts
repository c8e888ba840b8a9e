import { expect, it } from 'vitest'
import { NOW } from './fixtures.ts'
import { formatMinute } from './format.ts'
import { marksOf } from './panel.ts'

it('marks say how sure numbers are, from when on they may change, and what else there is', () => {
  const words = (...args: Parameters<typeof marksOf>) => marksOf(...args).map((mark) => mark.words)
  expect(words({ text: '' })).toEqual([])
  expect(words({ text: '', state: 'final' })).toEqual(['final'])
  expect(words({ text: '', state: 'provisional', since: NOW, isCorrected: true })).toEqual([
    `from ${formatMinute(NOW)} still counting`,
    'corrected',
  ])
  expect(words({ text: '', state: 'stored' }, 'computed only up to 10:00')).toEqual([
    'stored',
    'computed only up to 10:00',
  ])
})
