import { describe, expect, test } from 'vitest'
import { createPageReader, withoutFragment } from './stamp.ts'

const at = (href: string, title = 'Title', referrer = 'https://from.example/') => ({
  ...{ time: 0, href, title, referrer },
})

describe('page', () => {
  test.each([
    [
      'https://shop.example/a/b?x=1&y=2#part',
      { path: '/a/b', search: '?x=1&y=2', url: 'https://shop.example/a/b?x=1&y=2' },
    ],
    ['https://shop.example/#access_token=secret', { path: '/', search: '', url: 'https://shop.example/' }],
    ['about:srcdoc', { path: 'srcdoc', search: '', url: 'about:srcdoc' }],
    ['file:///tmp/a.html', { path: '/tmp/a.html', search: '', url: 'file:///tmp/a.html' }],
  ])('of %s', (href, page) => {
    expect(createPageReader()(at(href))).toEqual({
      ...page,
      title: 'Title',
      referrer: 'https://from.example/',
    })
  })

  test('is the same object for the same address, and another for another', () => {
    const read = createPageReader()
    const page = read(at('https://shop.example/a#one'))
    expect(read(at('https://shop.example/a#one'))).toBe(page)
    expect(read(at('https://shop.example/a#two'))).toEqual(page)
    expect(read(at('https://shop.example/a', 'Other'))).not.toBe(page)
    expect(read(at('https://shop.example/b', 'Other'))).toMatchObject({ path: '/b' })
    expect(read(at('https://shop.example/b', 'Other', ''))).toMatchObject({ referrer: '' })
    expect(page['title']).toBe('Title')
  })

  test('has a long title cut', () => {
    const page = createPageReader()(at('https://shop.example/', 'x'.repeat(60_000)))
    expect(page['title']).toBe('x'.repeat(1_024))
  })

  test('has a long address cut', () => {
    const page = createPageReader()(at(`https://shop.example/?q=${'x'.repeat(60_000)}`))
    expect(JSON.stringify(page).length).toBeLessThan(5_000)
  })
})

test.each([
  ['https://a.example/#', 'https://a.example/'],
  ['https://a.example/#a#b', 'https://a.example/'],
  ['https://a.example/?b', 'https://a.example/?b'],
])('address of %s is %s', (href, url) => {
  expect(withoutFragment(href)).toBe(url)
})
