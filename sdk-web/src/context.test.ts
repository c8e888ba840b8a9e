import { expect, test } from 'vitest'
import { readContext } from './context.ts'

test('context has the fields that Segment shares, and no user agent', () => {
  const source = {
    navigator: { language: 'de-AT' },
    screen: { width: 1280, height: 720 },
    devicePixelRatio: 2,
  }
  expect(readContext(source)).toEqual({
    library: { name: '@millrace/web', version: 'dev' },
    locale: 'de-AT',
    screen: { width: 1280, height: 720, density: 2 },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  })
})
