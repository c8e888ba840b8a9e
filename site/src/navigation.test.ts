import { expect, test } from 'vitest'
import { readNavigation } from './navigation.ts'

test('navigation has a section a heading and a page a list item, by its first link, with lines', () => {
  const text =
    '# Contents\n\nText [of](no.md) interest.\n\n## Start\n\n- [`Quick` start](quick.md): as [said](x.md)\n- no link\n- [Two](two.md)\n\n## End\n\n- **[Three](three.md)**\n'
  expect(readNavigation(text)).toEqual([
    {
      title: 'Start',
      entries: [
        { href: 'quick.md', title: 'Quick start', line: 7 },
        { href: 'two.md', title: 'Two', line: 9 },
      ],
    },
    { title: 'End', entries: [{ href: 'three.md', title: 'Three', line: 13 }] },
  ])
})

test('navigation without a section is refused', () => {
  expect(() => readNavigation('# Contents\n')).toThrow('docs/README.md has no section')
})
