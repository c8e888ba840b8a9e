import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOrCount } from './counts-file.ts'
import { RUNS } from './fakes.ts'

test('counts are kept, and priced anew without counting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-counts-'))
  try {
    const path = join(folder, 'results', 'counts.json')
    let counted = 0
    const count = async () => {
      counted++
      return RUNS
    }
    expect(await readOrCount(count, undefined, path)).toEqual(RUNS)
    expect(await readOrCount(count, path, join(folder, 'other.json'))).toEqual(RUNS)
    expect(counted).toBe(1)
    await expect(readOrCount(count, join(folder, 'none.json'))).rejects.toThrow('ENOENT')
  } finally {
    await rm(folder, { recursive: true })
  }
})
