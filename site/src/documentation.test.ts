import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { makeReferences } from './reference/make.ts'
import { openRepository } from './repository.ts'
import { buildSite } from './site.ts'

const ROOT = resolve(import.meta.dirname, '../..')

test('documentation has no link that leads nowhere, and no page outside of its contents', () => {
  expect(buildSite({ repository: openRepository(ROOT) }).problems).toEqual([])
})

test('references are what the sources say; node site/src/references.ts makes them', () => {
  const made = makeReferences(ROOT)
  expect([...made.keys()]).toContain('docs/reference/http.md')
  for (const [file, text] of made) expect(readFileSync(join(ROOT, file), 'utf8'), file).toBe(text)
})
