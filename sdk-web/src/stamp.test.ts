import { expect, test } from 'vitest'
import { buildPage } from './stamp.ts'

test.each([
  [
    'https://shop.example/a/b?x=1&y=2#part',
    { path: '/a/b', search: '?x=1&y=2', url: 'https://shop.example/a/b?x=1&y=2' },
  ],
  ['https://shop.example/#access_token=secret', { path: '/', search: '', url: 'https://shop.example/' }],
  ['about:srcdoc', { path: 'srcdoc', search: '', url: 'about:srcdoc' }],
  ['file:///tmp/a.html', { path: '/tmp/a.html', search: '', url: 'file:///tmp/a.html' }],
])('page of %s', (href, page) => {
  expect(buildPage({ timestamp: '', href, title: 'Title' }, 'https://from.example/')).toEqual({
    ...page,
    title: 'Title',
    referrer: 'https://from.example/',
  })
})

test('page cuts a long address', () => {
  const page = buildPage(
    { timestamp: '', href: `https://shop.example/?q=${'x'.repeat(60_000)}`, title: '' },
    '',
  )
  expect(JSON.stringify(page).length).toBeLessThan(5_000)
})
