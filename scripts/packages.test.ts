import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createPackageFromTarballData } from '@arethetypeswrong/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PackedPackage, PUBLISHED_FOLDERS, packFolder, packPublished } from './pack.ts'
import { ALLOWED_FILES } from './package-contents.ts'
import { lintPackage, lintTypes, settleProblems } from './package-lints.ts'
import { checkPackages } from './packages.ts'
import { ROOT } from './setup.mjs'

/** A package whose types say that it is CommonJS, while it is an ES module. */
const WRONG = {
  'package.json': JSON.stringify({
    name: 'wrong',
    version: '1.0.0',
    type: 'module',
    files: ['lib'],
    exports: { '.': { require: './lib/index.cjs', default: './lib/index.js', types: './lib/index.d.cts' } },
  }),
  'lib/index.js': 'export const answer = 42\n',
  'lib/index.cjs': 'exports.answer = 42\n',
  'lib/index.d.cts': 'export declare const answer: 42\n',
  'src/index.ts': 'export const answer = 42\n',
}

let folder: string
let packed: PackedPackage
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-wrong-'))
  for (const [path, text] of Object.entries(WRONG)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  packed = await packFolder(folder, join(folder, 'packed'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('packing', () => {
  it('makes a tarball of what the manifest says', async () => {
    expect(packed).toMatchObject({ name: 'wrong', version: '1.0.0' })
    expect(packed.files.toSorted()).toEqual([
      'lib/index.cjs',
      'lib/index.d.cts',
      'lib/index.js',
      'package.json',
    ])
    expect((await readFile(packed.tarball)).length).toBe(packed.packedBytes)
  })

  it('knows every workspace that is published, and what each may have in it', async () => {
    const read = async (path: string) => JSON.parse(await readFile(join(ROOT, path, 'package.json'), 'utf8'))
    const published: [string, string][] = []
    for (const workspace of (await read('.')).workspaces) {
      const { name, private: isPrivate } = await read(workspace)
      if (isPrivate !== true) published.push([name, workspace])
    }
    expect(Object.entries(PUBLISHED_FOLDERS).toSorted()).toEqual(published.toSorted())
    expect(Object.keys(ALLOWED_FILES).toSorted()).toEqual(Object.keys(PUBLISHED_FOLDERS).toSorted())
    expect(() => packPublished('@millrace/schemas', folder)).toThrow('no published package @millrace/schemas')
  })
})

describe('the licence', () => {
  it.each(Object.values(PUBLISHED_FOLDERS))('in %s is that of the repository', async (workspace) => {
    const read = (path: string) => readFile(join(ROOT, path, 'LICENSE'), 'utf8')
    expect(await read(workspace)).toBe(await read('.'))
  })
})

describe('lints', () => {
  it('find what is wrong with the manifest and with the types', async () => {
    const tarball = await readFile(packed.tarball)
    expect(await lintPackage(tarball)).toContainEqual(
      expect.stringMatching(/^publint: .*types.* should be the first/),
    )
    const problems = await lintTypes(createPackageFromTarballData(new Uint8Array(tarball)))
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.every((problem) => problem.startsWith('attw: '))).toBe(true)
  })

  it('set aside what is allowed, by package, and tell when it is not needed', () => {
    const allowances = [
      { package: 'a', problem: /^attw: one/, reason: 'because' },
      { package: 'a', problem: /^attw: two/, reason: 'because' },
      { package: 'b', problem: /^attw: three/, reason: 'because' },
    ]
    expect(settleProblems('a', ['attw: one', 'attw: three'], allowances)).toEqual([
      'attw: three',
      'the allowance ^attw: two is not needed any more',
    ])
  })
})

describe('the check', () => {
  it('fails for a name that is not published', async () => {
    await expect(checkPackages(['@millrace/schemas'], join(folder, 'checked'))).rejects.toThrow(
      /@millrace\/schemas: is not published/,
    )
  })
})
