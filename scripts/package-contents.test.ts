import { describe, expect, it } from 'vitest'
import {
  ALLOWED_FILES,
  findContentProblems,
  findDeadLinks,
  findDependencyProblems,
  findLegalProblems,
  findMachinePaths,
  findMissingFiles,
  findUnexpectedFiles,
} from './package-contents.ts'

const MANIFEST = {
  name: '@millrace/web',
  version: '0.1.0',
  license: 'Apache-2.0',
  publishConfig: { access: 'public', provenance: true },
  exports: { '.': { import: { types: './dist/index.d.ts', default: './dist/index.js' } } },
}

const GOOD = new Map([
  ['package.json', JSON.stringify(MANIFEST)],
  ['README.md', 'See [the plugins](docs/plugins.md#consent) and [the law](https://example.com/law.md).'],
  ['LICENSE', 'the licence'],
  ['CHANGELOG.md', '# Changelog\n\n## 0.1.0\n\n- The first version.\n'],
  ['docs/plugins.md', 'Back to [the start](../README.md), or [down](#down).'],
  ['dist/index.js', 'export {}'],
  ['dist/index.d.ts', 'export {}'],
])

const CONTEXT = {
  licence: 'the licence',
  machinePaths: ['/srv/someone/millrace'],
  workspaces: new Map([
    ['@millrace/schemas', { version: '0.1.0', isPublished: false }],
    ['@millrace/node', { version: '0.1.0', isPublished: true }],
  ]),
}

const withFiles = (files: Record<string, string>) => new Map([...GOOD, ...Object.entries(files)])

describe('the contents of a package', () => {
  it('have nothing wrong with them when all is there', () => {
    expect(findContentProblems(GOOD, CONTEXT)).toEqual([])
  })

  it('are looked at from all sides', () => {
    const files = withFiles({
      'package.json': JSON.stringify({
        ...MANIFEST,
        main: './dist/index.cjs',
        dependencies: { '@millrace/schemas': '0.1.0' },
      }),
      'README.md': '[settings](../docs/settings.md)',
      LICENSE: 'another licence',
      'dist/index.test.js': '',
      'dist/index.js': '// /srv/someone/millrace/src/index.ts',
    })
    expect(findContentProblems(files, CONTEXT)).toEqual([
      'dist/index.test.js does not belong into the package',
      'dist/index.cjs is missing',
      'LICENSE is not that of the repository',
      'depends on the private workspace @millrace/schemas',
      'README.md links to ../docs/settings.md, which is not in the package',
      'dist/index.js names /srv/someone/millrace',
    ])
  })
})

describe('files', () => {
  it.each([
    ['@millrace/web', 'src/index.ts'],
    ['@millrace/web', 'dist/fakes.test.js'],
    ['@millrace/web', 'dist/index.cjs.map'],
    ['@millrace/web', 'rollup.config.mjs'],
    ['@millrace/node', 'dist/index.js.map'],
    ['@millrace/node', 'dist/declared/index.d.ts'],
    ['@millrace/node', 'entries.json'],
    ['millrace', 'src/index.ts'],
    ['millrace', 'fixtures/segment.log'],
    ['millrace', 'dist/cli.js.map'],
    ['millrace', 'dist/assets/.dev.vars'],
    ['create-millrace', 'node_modules/millrace/package.json'],
  ])('of %s do not include %s', (name, path) => {
    expect(findUnexpectedFiles([path], ALLOWED_FILES[name] ?? [])).toHaveLength(1)
  })

  it('that are promised by a manifest or by custom are there', () => {
    const manifest = {
      ...MANIFEST,
      bin: { web: './bin/web.mjs' },
      typesVersions: { '*': { a: ['./dist/a.d.cts'] } },
    }
    const files = new Map([...GOOD].filter(([path]) => path !== 'CHANGELOG.md'))
    expect(findMissingFiles(files, manifest)).toEqual([
      'CHANGELOG.md is missing',
      'bin/web.mjs is missing',
      'dist/a.d.cts is missing',
    ])
  })
})

describe('the manifest', () => {
  it('says that it may be published, under which licence, and the changelog that it was', () => {
    const manifest = { name: 'x', version: '0.2.0', private: true, license: 'MIT', publishConfig: {} }
    expect(findLegalProblems(GOOD, manifest, 'the licence')).toEqual([
      'package.json has the license MIT',
      'package.json says private',
      'package.json lacks publishConfig.access public',
      'package.json lacks publishConfig.provenance',
      'CHANGELOG.md has no heading ## 0.2.0',
    ])
  })

  it.each([
    [{ '@millrace/node': '0.1.0', zod: '4.6.7' }, []],
    [{ '@millrace/node': '0.0.9' }, ['depends on @millrace/node 0.0.9, which is at 0.1.0 here']],
    [{ '@millrace/schemas': '0.1.0' }, ['depends on the private workspace @millrace/schemas']],
    [{ zod: 'file:../zod' }, ['depends on zod by file:../zod']],
    [{ zod: '*' }, ['depends on zod by *']],
  ])('with the dependencies %j has the problems %j', (dependencies, problems) => {
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
      const manifest = { ...MANIFEST, [kind]: dependencies }
      expect(findDependencyProblems(manifest, CONTEXT.workspaces)).toEqual(problems)
    }
  })
})

describe('texts', () => {
  it('have no dead links, but in code what looks like one', () => {
    const readme = '[a](gone.md "title") [b](./docs/plugins.md)\n```js\nx[0](gone.js)\n```\n[c](mailto:a@b.c)'
    expect(findDeadLinks(withFiles({ 'README.md': readme }))).toEqual([
      'README.md links to gone.md, which is not in the package',
    ])
  })

  it('of source maps name sources by relative paths', () => {
    const map = (source: string) => JSON.stringify({ sources: ['../src/a.ts', source] })
    const files = new Map([
      ['a.js.map', map('../../b.ts')],
      ['b.js.map', map('/srv/b.ts')],
      ['c.js.map', map('file:///c.ts')],
    ])
    expect(findMachinePaths(files, [])).toEqual([
      'b.js.map names the source /srv/b.ts',
      'c.js.map names the source file:///c.ts',
    ])
  })
})
