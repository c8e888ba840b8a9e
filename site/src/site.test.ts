import { describe, expect, test } from 'vitest'
import { fakeRepository } from './repository.ts'
import { buildSite } from './site.ts'

const FILES = {
  'README.md':
    '# Shop\n\nSee [live](docs/live.md#windows), [cli](cli), [`a.ts`](src/a.ts) and\n![it](docs/it.png).\n',
  'docs/README.md':
    '# Contents\n\n## Start\n\n- [Home](../README.md)\n- [Live](live.md)\n\n## Rest\n\n- [Command](../cli/README.md)\n',
  'docs/live.md': '# Live\n\n## Windows\n\n## Pushed `now`\n\nBack [home](../README.md).\n',
  'docs/it.png': 'PNG',
  'cli/README.md': '# cli\n',
  'src/a.ts': '',
  'site/assets/style.css': 'a {}',
}

function build(changes: Record<string, string> = {}, sourceUrl?: string) {
  const { files, problems } = buildSite({ repository: fakeRepository({ ...FILES, ...changes }), sourceUrl })
  return { files, problems, text: (place: string) => String(files.get(place)) }
}

describe('site', () => {
  test('has a page for each file, the assets, the pictures that pages show, and an index', () => {
    const { files, problems } = build()
    expect(problems).toEqual([])
    expect([...files.keys()].sort()).toEqual([
      'cli/index.html',
      'docs/index.html',
      'docs/it.png',
      'docs/live.html',
      'index.html',
      'search.json',
      'style.css',
    ])
  })

  test('links between files are links between pages, and the source tree is text or leads where it is told', () => {
    const page = build().text('index.html')
    expect(page).toContain('<a href="docs/live.html#windows">live</a>, <a href="cli/index.html">cli</a>')
    expect(page).toContain('<code>a.ts</code> (<code>src/a.ts</code>) and')
    expect(page).toContain('<img src="docs/it.png" alt="it">')
    expect(build({}, 'https://git.example/x').text('index.html')).toContain(
      '<a href="https://git.example/x/src/a.ts">',
    )
  })

  test('a page has its sections, itself marked, what comes before and next, and its headings', () => {
    const page = build().text('docs/live.html')
    expect(page).toContain('<title>Live · Millrace</title>')
    expect(page).toContain('<p>Rest</p>\n<ul>\n<li><a href="../cli/index.html">Command</a></li>')
    expect(page).toContain('<a href="live.html" aria-current="page">Live</a>')
    expect(page).toContain('<a rel="prev" href="../index.html"><span>Before</span> Home</a>')
    expect(page).toContain('<a rel="next" href="../cli/index.html"><span>Next</span> Command</a>')
    const long = `${FILES['docs/live.md']}\n## Third\n`
    expect(build({ 'docs/live.md': long }).text('docs/live.html')).toContain(
      '<a href="#pushed-now">Pushed now</a>',
    )
  })

  test('nothing runs or is styled from within a page', () => {
    const page = build().text('index.html')
    expect(page).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self';/,
    )
    expect(page).not.toMatch(/<script>|<style|style="| on\w+="|unsafe/)
  })

  test('the same repository gives the same bytes', () => {
    expect([...build().files]).toEqual([...build().files])
  })

  test('the index has pages in reading order, each with its headings', () => {
    expect(JSON.parse(build().text('search.json'))).toEqual([
      ['Home', 'index.html', ''],
      ['Live', 'docs/live.html', ''],
      ['Windows', 'docs/live.html#windows', 'Live'],
      ['Pushed now', 'docs/live.html#pushed-now', 'Live'],
      ['Command', 'cli/index.html', ''],
    ])
  })

  test('examples that the contents do not name have a section of their own', () => {
    const { problems, text } = build({ 'examples/tag/README.md': '# Script tag\n' })
    expect(problems).toEqual([])
    expect(text('index.html')).toContain(
      '<p>Examples</p>\n<ul>\n<li><a href="examples/tag/index.html">Script tag</a>',
    )
  })
})

describe('site tells of', () => {
  test.each([
    ['a file that is not there', '\n\n[x](docs/no.md)', 'README.md:3: docs/no.md: there is no docs/no.md'],
    [
      'a heading that is not there',
      '\n[x](docs/live.md#no)',
      'README.md:2: docs/live.md#no: docs/live.md has no heading #no',
    ],
    ['an anchor of its own page', '[x](#no)', 'README.md:1: #no: README.md has no heading #no'],
    ['a link from the root', '[x](/docs/live.md)', 'README.md:1: /docs/live.md: is no relative link'],
    ['a picture that is not there', '\n![x](no.png)', 'README.md:2: no.png: there is no no.png'],
    ['a source file that is not there', '[x](src/b.ts)', 'README.md:1: src/b.ts: there is no src/b.ts'],
  ])('%s, by its line', (_, text, problem) => {
    expect(build({ 'README.md': text }).problems).toEqual([problem])
  })

  test('a page that the contents do not name, and one that they name in vain', () => {
    const contents = FILES['docs/README.md'].replace('live.md', 'gone.md')
    expect(build({ 'docs/README.md': contents }).problems).toEqual([
      'docs/README.md:6: gone.md: there is no docs/gone.md',
      'docs/live.md:1: is not in docs/README.md',
    ])
  })
})
