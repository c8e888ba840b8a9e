import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
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

const load = () =>
  loadFreshConfig(join(folder, 'millrace.config.ts'), 'millrace.config.ts', join(folder, 'data'))

it('a file that the configuration imports is read anew', async () => {
  await writeFile(join(folder, 'name.ts'), `export const name: string = 'before'\n`)
  expect((await load()).sources[0]?.name).toBe('before')
  await writeFile(join(folder, 'name.ts'), `export const name: string = 'after'\n`)
  expect((await load()).sources[0]?.name).toBe('after')
  expect(await readdir(join(folder, 'data'))).toEqual([])
})

it('a file that is not there is named', async () => {
  await expect(load()).rejects.toThrow('name.ts')
  await expect(loadFreshConfig(join(folder, 'other.ts'), 'other.ts', folder)).rejects.toThrow('other.ts')
})
