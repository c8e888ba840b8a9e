import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isRepositorySource } from './repository-sources.ts'

it.each([
  ['worker.ts', true],
  ['create-worker.ts', true],
  ['README.md', false],
  [join('collector', 'src', 'app.ts'), true],
  [join('dashboard', 'src', 'app.css'), true],
  [join('collector', 'src', 'app.test.ts'), false],
  [join('sdk-web', 'dist', 'index.js'), false],
  [join('schemas', 'node_modules', 'zod', 'index.js'), false],
])('%s matters: %s', (path, expected) => {
  expect(isRepositorySource(path)).toBe(expected)
})
