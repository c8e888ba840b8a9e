import { describe, expect, it } from 'vitest'
import { type Alias, joinUsers } from './components.ts'

/** Aliases `previous>user`, one after the other. */
const aliasesOf = (...texts: string[]): Alias[] =>
  texts.map((text, index) => {
    const [previousId = '', userId = ''] = text.split('>')
    return { previousId, userId, messageId: `m${index}`, timestamp: `2026-01-01 00:00:0${index}` }
  })

const personsOf = (aliases: readonly Alias[]) =>
  Object.fromEntries([...joinUsers(aliases)].map(([user, { personId }]) => [user, personId]))

describe('joinUsers', () => {
  it.each<[string, string[], Record<string, string>]>([
    ['nothing', [], {}],
    ['one alias', ['a>b'], { a: 'b' }],
    ['a chain', ['a>b', 'b>c'], { a: 'c', b: 'c' }],
    ['a chain that comes backwards', ['b>c', 'a>b'], { a: 'c', b: 'c' }],
    ['two that become a third', ['a>c', 'b>c'], { a: 'c', b: 'c' }],
    ['one that becomes two: the first alias names the person', ['a>b', 'a>c'], { a: 'b', c: 'b' }],
    ['a circle: the first of all', ['a>b', 'b>a'], { a: 'b' }],
    ['two persons', ['a>b', 'c>d'], { a: 'b', c: 'd' }],
    ['the same alias twice', ['a>b', 'a>b'], { a: 'b' }],
    ['itself', ['a>a'], {}],
  ])('gives of %s', (_what, texts, expected) => {
    expect(personsOf(aliasesOf(...texts))).toEqual(expected)
  })

  it('gives the same whatever the order it is told in', () => {
    const aliases = aliasesOf('a>b', 'c>d', 'b>d', 'e>a', 'd>f', 'f>e')
    expect(personsOf(aliases.toReversed())).toEqual(personsOf(aliases))
  })

  it('names the alias that led there', () => {
    expect(joinUsers(aliasesOf('a>b', 'b>c')).get('b')?.evidence.messageId).toBe('m0')
  })
})
