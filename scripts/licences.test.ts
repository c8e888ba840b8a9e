import { describe, expect, it } from 'vitest'
import { checkLicences, findForbidden, isPermissive, reachedPackages, shippedPackages } from './licences.ts'

const PACKAGES = {
  app: { dependencies: { web: '1', tool: '1' }, devDependencies: { bundled: '1' } },
  tool: { dependencies: { deep: '2' } },
  'node_modules/tool': { link: true, resolved: 'tool' },
  'node_modules/web': { dependencies: { deep: '1' }, optionalDependencies: { native: '1' } },
  'node_modules/web/node_modules/deep': { peerDependencies: { web: '1', absent: '1' } },
  'node_modules/deep': {
    peerDependencies: { chosen: '1' },
    peerDependenciesMeta: { chosen: { optional: true } },
  },
  'node_modules/chosen': {},
  'node_modules/native': {},
  'node_modules/bundled': {},
  'node_modules/other': {},
}

describe('the packages that are reached', () => {
  it('are those that each needs, as Node finds them', () => {
    expect(reachedPackages(PACKAGES, ['app'], [])).toEqual([
      'node_modules/deep',
      'node_modules/native',
      'node_modules/web',
      'node_modules/web/node_modules/deep',
    ])
  })

  it('are also those that a workspace bundles', () => {
    expect(reachedPackages(PACKAGES, ['app'], ['app'])).toContain('node_modules/bundled')
  })

  it('are all known', () => {
    const broken = { app: { dependencies: { gone: '1' } } }
    expect(() => reachedPackages(broken, ['app'], [])).toThrow(
      'package-lock.json has no gone, which app needs',
    )
  })
})

it.each([
  ['MIT', true],
  ['Apache-2.0', true],
  ['(MIT OR GPL-3.0-or-later)', true],
  ['(MIT AND BSD-3-Clause)', true],
  ['(MIT AND AGPL-3.0-only)', false],
  ['AGPL-3.0-or-later', false],
  ['LGPL-2.1', false],
  ['MPL-2.0', false],
  ['SEE LICENSE IN LICENSE', false],
  ['UNLICENSED', false],
  ['', false],
])('licence %j is permissive: %s', (expression, expected) => {
  expect(isPermissive(expression)).toBe(expected)
})

it('a package without a licence, or with another one, is named', () => {
  const licences: Record<string, string> = { a: 'MIT', b: 'GPL-3.0-only', c: '' }
  expect(findForbidden(['a', 'b', 'c'], (folder) => licences[folder] ?? '')).toEqual([
    'b has the licence GPL-3.0-only',
    'c has the licence of nobody knows what',
  ])
})

describe('what this repository ships', () => {
  it('has permissive licences alone', () => expect(checkLicences).not.toThrow())

  it('is found: what is known to be in the Worker, the SDK, the page and the command is among it', () => {
    const known = [
      'hono',
      'zod',
      'isbot',
      'ua-parser-js',
      'hyparquet-writer',
      'idb-keyval',
      'uplot',
      'cli-progress',
    ]
    expect(shippedPackages()).toEqual(expect.arrayContaining(known.map((name) => `node_modules/${name}`)))
  })
})
