import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadFreshConfig } from './fresh-config.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-config-'))
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { name } from './name.ts'\nexport default { sources: [{ name, writeKeys: ['wk'] as string[] }] }\n`,
  )
})

afterEach(() => rm(folder, { recursive: true }))

const load = () => loadFreshConfig(join(folder, 'millrace.config.ts'), 'millrace.config.ts')

it('a file that the configuration imports is read anew', async () => {
  await writeFile(join(folder, 'name.ts'), `export const name: string = 'before'\n`)
  expect((await load()).sources[0]?.name).toBe('before')
  await writeFile(join(folder, 'name.ts'), `export const name: string = 'after'\n`)
  expect((await load()).sources[0]?.name).toBe('after')
  expect(await readdir(join(folder, '.millrace'))).toEqual([])
})

it('a package of the project is found', async () => {
  await mkdir(join(folder, 'node_modules/names'), { recursive: true })
  await writeFile(
    join(folder, 'node_modules/names/package.json'),
    '{"name":"names","type":"module","main":"i.js"}',
  )
  await writeFile(join(folder, 'node_modules/names/i.js'), `export const name = 'of a package'\n`)
  await writeFile(join(folder, 'name.ts'), `export { name } from 'names'\n`)
  expect((await load()).sources[0]?.name).toBe('of a package')
})

it('a file that is not there is named', async () => {
  await expect(load()).rejects.toThrow('name.ts')
  await expect(loadFreshConfig(join(folder, 'other.ts'), 'other.ts')).rejects.toThrow('other.ts')
})
