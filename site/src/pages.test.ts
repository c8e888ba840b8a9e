import { expect, test } from 'vitest'
import { listPages, placeOf, wayTo } from './pages.ts'
import { fakeRepository } from './repository.ts'

test.each([
  ['README.md', 'index.html'],
  ['docs/README.md', 'docs/index.html'],
  ['docs/reference/http.md', 'docs/reference/http.html'],
])('page of %s is at %s', (path, place) => {
  expect(placeOf(path)).toBe(place)
})

test.each([
  ['index.html', 'docs/live.html', 'docs/live.html'],
  ['docs/live.html', 'index.html', '../index.html'],
  ['docs/reference/web.html', 'docs/query.html', '../query.html'],
  ['docs/a.html', 'docs/b.html', 'b.html'],
  ['docs/a.html', 'docs/a.html', 'a.html'],
])('way from %s to %s is %s', (from, to, way) => {
  expect(wayTo(from, to)).toBe(way)
})

test('pages are the READMEs of packages and examples, docs and the files of the root, and nothing of other people', () => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    'NOTES.md',
    'cli/README.md',
    'cli/src/deep.md',
    'docs/a.md',
    'docs/b/c.md',
  ]
  const others = [
    'docs/picture.png',
    'examples/README.md',
    'examples/one/README.md',
    'dist/README.md',
    'node_modules/README.md',
  ]
  const repository = fakeRepository(Object.fromEntries([...files, ...others].map((path) => [path, ''])))
  expect(listPages(repository)).toEqual([
    'CHANGELOG.md',
    'README.md',
    'cli/README.md',
    'docs/a.md',
    'docs/b/c.md',
    'examples/README.md',
    'examples/one/README.md',
  ])
})
