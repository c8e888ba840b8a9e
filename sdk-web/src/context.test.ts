import { expect, test } from 'vitest'
import { readContext } from './context.ts'

const source = {
  navigator: { language: 'de-AT', webdriver: false },
  screen: { width: 1280, height: 720 },
  devicePixelRatio: 2,
}

test('context has the fields that Segment shares, and no user agent', () => {
  expect(readContext(source)).toEqual({
    library: { name: '@millrace/web', version: 'dev' },
    locale: 'de-AT',
    screen: { width: 1280, height: 720, density: 2 },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  })
})

test('context says when a program drives the browser', () => {
  expect(readContext({ ...source, navigator: { language: 'de', webdriver: true } })).toMatchObject({
    webdriver: true,
  })
})
