import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fakeProject } from './fake-project.ts'
import { mergePackageJson, readField, SCRIPTS, writePackageJson } from './package-json.ts'
import { TOOL_VERSIONS } from './versions.ts'

const project = fakeProject()

/** The `package.json` of a folder of the repository. */
function manifestOf(folder: string) {
  return JSON.parse(readFileSync(new URL(`../../../${folder}/package.json`, import.meta.url), 'utf8'))
}

describe('a new package.json', () => {
  const manifest = JSON.parse(writePackageJson(project))

  it('has the scripts, Millrace, and what it needs beside it', () => {
    expect(manifest).toMatchObject({ name: 'shop', private: true, type: 'module', scripts: SCRIPTS })
    expect(manifest.dependencies).toEqual({ millrace: '^0.1.0', zod: '4.6.7' })
    expect(manifest.devDependencies).toEqual(TOOL_VERSIONS)
  })

  it('brings the Node along that runs this, where it came from npm', () => {
    const { devDependencies, allowScripts } = JSON.parse(
      writePackageJson(fakeProject({ nodeVersion: '24.21.0' })),
    )
    expect([devDependencies.node, allowScripts.node]).toEqual(['24.21.0', true])
    expect([manifest.devDependencies.node, manifest.allowScripts.node]).toEqual([undefined, undefined])
  })

  it.each(['millrace', 'zod', 'wrangler'])('is not called as its dependency %s is', (name) => {
    expect(JSON.parse(writePackageJson(fakeProject({ name }))).name).toBe(`${name}-collector`)
  })

  it('has the versions that this release is tested with', () => {
    const { wrangler, typescript } = manifestOf('.').devDependencies
    const { chdb } = manifestOf('local').dependencies
    expect(TOOL_VERSIONS).toEqual({ chdb, typescript, wrangler })
  })
})

describe('an existing package.json', () => {
  it('gets what it lacks, and keeps what it has', () => {
    const existing = {
      name: 'theirs',
      scripts: { dev: 'vite', test: 'vitest' },
      dependencies: { zod: '^4.0.0' },
      devDependencies: { wrangler: '^4.100.0' },
      author: 'them',
    }
    const merged = JSON.parse(mergePackageJson(JSON.stringify(existing), project))
    expect(merged).toMatchObject({ name: 'theirs', author: 'them' })
    expect(merged.type).toBeUndefined()
    expect(merged.scripts).toEqual({ ...SCRIPTS, dev: 'vite', test: 'vitest' })
    expect(merged.dependencies).toEqual({ zod: '^4.0.0', millrace: '^0.1.0' })
    expect(merged.devDependencies).toEqual({ ...TOOL_VERSIONS, wrangler: '^4.100.0' })
    expect(Object.keys(merged).slice(0, 5)).toEqual(Object.keys(existing))
  })

  it('gets nothing a second time that stands in the other list', () => {
    const existing = JSON.stringify({
      devDependencies: { zod: '4.0.0' },
      dependencies: { typescript: '5.9.0' },
    })
    const merged = JSON.parse(mergePackageJson(existing, project))
    expect(merged.dependencies).toEqual({ typescript: '5.9.0', millrace: '^0.1.0' })
    expect(Object.keys(merged.devDependencies)).not.toContain('typescript')
  })

  it('stays as it is, to the byte, when it lacks nothing', () => {
    const { name, ...rest } = JSON.parse(writePackageJson(project))
    const text = JSON.stringify({ ...rest, name }, null, 1)
    expect(mergePackageJson(text, project)).toBe(text)
  })

  it.each([
    [
      'four spaces',
      '{\n    "name": "a"\n}\n',
      /^\{\n {4}"name": "a",\n {4}"scripts": \{\n {8}"dev"[\s\S]*\n\}\n$/,
    ],
    [
      'tabs and no end of line',
      '{\n\t"name": "a"\n}',
      /^\{\n\t"name": "a",\n\t"scripts": \{\n\t\t"dev"[\s\S]*\n\}$/,
    ],
    ['line ends of Windows', '{\r\n  "name": "a"\r\n}\r\n', /^\{\r\n {2}"name": "a",\r\n[\s\S]*\r\n\}\r\n$/],
  ])('keeps %s', (_, text, expected) => {
    expect(mergePackageJson(text, project)).toMatch(expected)
  })

  it.each([
    ['{ "name": ', /^is not JSON: /],
    ['[]', /^must hold a JSON object/],
    ['{ "scripts": [] }', /^has scripts that are not an object/],
  ])('that cannot be added to is told: %s', (text, message) => {
    expect(() => mergePackageJson(text, project)).toThrow(message)
  })
})

it('a field of what is no JSON is none', () => {
  expect([readField('{"type":"module"}', 'type'), readField('{', 'type')]).toEqual(['module', undefined])
})
