import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isSource, watchProject } from './watch.ts'

it.each([
  ['worker.ts', true],
  ['wrangler.toml', true],
  [join('src', 'plan.ts'), true],
  ['plan.test.ts', false],
  ['README.md', false],
  [join('node_modules', 'zod', 'index.js'), false],
  [join('.millrace', 'bundle', 'worker.js'), false],
])('%s is a source: %s', (path, expected) => {
  expect(isSource(path)).toBe(expected)
})

it('a burst of changes is told once, and none after the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-watch-'))
  let told = 0
  let onTold = () => {}
  const first = new Promise<void>((resolve) => {
    onTold = resolve
  })
  const end = watchProject(folder, async () => {
    told += 1
    onTold()
  })
  try {
    await writeFile(join(folder, 'worker.ts'), '1')
    await writeFile(join(folder, 'plan.ts'), '2')
    await first
    end()
    await writeFile(join(folder, 'plan.ts'), '3')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(told).toBe(1)
  } finally {
    end()
    await rm(folder, { recursive: true })
  }
})
