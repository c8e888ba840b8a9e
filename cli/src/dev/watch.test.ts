import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { isSource, watchProject } from './watch.ts'

it.each([
  ['worker.ts', true],
  ['wrangler.toml', true],
  ['.dev.vars', true],
  ['.dev.vars.example', false],
  [join('src', 'plan.ts'), true],
  ['plan.test.ts', false],
  ['README.md', false],
  [join('node_modules', 'zod', 'index.js'), false],
  [join('.millrace', 'bundle', 'worker.js'), false],
])('%s is a source: %s', (path, expected) => {
  expect(isSource(path)).toBe(expected)
})

/** A project that is watched; `settle` waits till a change would have been told. */
async function watchFolder(folders: string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-watch-'))
  for (const name of folders) await mkdir(join(folder, name))
  const said: string[] = []
  let told = 0
  const onChange = async () => {
    told += 1
  }
  const end = watchProject(folder, { onChange, data: join(folder, 'data'), say: (line) => said.push(line) })
  onTestFinished(async () => {
    end()
    await rm(folder, { recursive: true })
  })
  return {
    write: (path: string) => writeFile(join(folder, path), String(told)),
    settle: () => new Promise((resolve) => setTimeout(resolve, 700)),
    told: () => told,
    said,
    end,
  }
}

it('a burst of changes is told once, and none after the end', async () => {
  const { write, settle, told, end } = await watchFolder()
  await write('worker.ts')
  await write('plan.ts')
  await settle()
  expect(told()).toBe(1)
  end()
  await write('plan.ts')
  await settle()
  expect(told()).toBe(1)
})

it('a change in a folder of the project is told, and none in the one for data, which the Worker is built into', async () => {
  const { write, settle, told, said } = await watchFolder(['src', 'data', 'node_modules'])
  await write('data/worker.js')
  await write('node_modules/index.js')
  await settle()
  expect(told()).toBe(0)
  await write('src/plan.ts')
  await settle()
  expect([told(), said]).toEqual([1, []])
})
