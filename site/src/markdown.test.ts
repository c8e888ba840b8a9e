import { expect, test } from 'vitest'
import { renderMarkdown } from './markdown.ts'

const same = (href: string) => href

test('headings have the anchors that GitHub gives them, the second of a name with a number', () => {
  const { headings, title } = renderMarkdown(
    '# The `millrace` command\n\n## A & B\n\n## Twice\n\n## Twice\n',
    same,
  )
  expect(title).toBe('The millrace command')
  expect(headings.map(({ id }) => id)).toEqual(['the-millrace-command', 'a--b', 'twice', 'twice-1'])
})

test('every link and image is asked for with its line, also in lists, tables and HTML', () => {
  const asked: [string, number][] = []
  const text =
    '[a](a.md)\nand [a](a.md)\n\n- one\n- [b](b.md)\n\n| x |\n| - |\n| ![c](c.png) |\n\n<img src="d.png" alt="">\n\n```md\n[no](no.md)\n```\n'
  const { html } = renderMarkdown(text, (href, line) => {
    asked.push([href, line])
    return `to/${href}`
  })
  expect(asked).toEqual([
    ['a.md', 1],
    ['a.md', 2],
    ['b.md', 5],
    ['c.png', 9],
    ['d.png', 11],
  ])
  expect(html).toContain('<a href="to/b.md">b</a>')
  expect(html).toContain('src="to/c.png"')
  expect(html).toContain('<img src="to/d.png" alt="">')
})

test.each([
  ['[`src/a.ts`](src/a.ts)', '<code>src/a.ts</code>'],
  ['[`cli/`](../cli)', '<code>cli/</code>'],
  ['[a list](../src/a.ts)', 'a list (<code>src/a.ts</code>)'],
])('a link that leads nowhere on the site stays as text: %s', (text, html) => {
  expect(renderMarkdown(text, () => undefined).html).toBe(`<p>${html}</p>\n`)
})

test('code is marked by kind and can be scrolled by the keyboard, whatever stands behind the language', () => {
  const { html } = renderMarkdown('```ts signature\nconst a = "<b>"\n```\n\n```unknown\n<b>\n```\n', same)
  expect(html).toContain('<pre tabindex="0"><code class="language-ts">')
  expect(html).toContain('<span class="hljs-keyword">const</span>')
  expect(html).toContain('&quot;&lt;b&gt;&quot;')
  expect(html).toContain('<code class="language-unknown">&lt;b&gt;')
})

test('a table of sentences names the column in each cell, one of numbers does not', () => {
  const long = 'a sentence of more than forty letters, for people'
  const prose = renderMarkdown(`| name | about | |\n| - | - | -: |\n| a | ${long} | 1 |\n`, same).html
  expect(prose).toContain('<div class="wide prose" tabindex="0">')
  expect(prose).toContain(`<tr><td>a</td><td data-head="about">${long}</td><td class="right">1</td></tr>`)
  expect(prose).toContain('<th scope="col">name</th><th scope="col">about</th><td></td>')
  expect(renderMarkdown('| a | b |\n| - | - |\n| 1 | 2 |\n', same).html).toContain('<td>1</td><td>2</td>')
})
