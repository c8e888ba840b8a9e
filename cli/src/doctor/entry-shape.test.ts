import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { inspectEntry } from './entry-shape.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-entry-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('inspectEntry', () => {
  it('finds all that the Worker of the release exports', async () => {
    const { handlers, exports } = await inspectEntry(join(ROOT, 'worker.ts'))
    expect(handlers).toEqual(expect.arrayContaining(['fetch', 'queue', 'scheduled']))
    expect(exports).toContain('LiveAggregator')
  })

  it('notices a handler that is only meant to be there', async () => {
    write('handlers.ts', `export const fetch = () => {}, queue = undefined as unknown`)
    const entry = write(
      'entry.ts',
      `import { DurableObject } from 'cloudflare:workers'\nimport { fetch, queue } from './handlers.ts'\nconsole.log('hello')\nexport class LiveAggregator extends DurableObject {}\nexport default { fetch, queue }`,
    )
    expect(await inspectEntry(entry)).toEqual({ handlers: ['fetch'], exports: ['LiveAggregator'] })
  })

  it('rejects where there is nothing to load', async () => {
    await expect(inspectEntry(write('broken.ts', 'export default {'))).rejects.toThrow(/broken\.ts/)
    await expect(inspectEntry(write('throws.ts', 'throw new Error("at once")'))).rejects.toThrow()
  })
})
