import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { withTemporaryFolder } from './temporary-folder.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

describe('withTemporaryFolder', () => {
  it('writes what only this user may read, and is gone afterwards, also when it fails', async () => {
    let path = ''
    const failing = withTemporaryFolder(async (folder) => {
      path = await folder.write('secrets.json', '{"A":"1"}')
      expect([await modeOf(path), await modeOf(dirname(path)), await folder.read('secrets.json')]).toEqual([
        '600',
        '700',
        '{"A":"1"}',
      ])
      expect(await folder.read('none')).toBe('')
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(await isThere(dirname(path))).toBe(false)
  })

  it('is gone when the process ends in the middle', async () => {
    const script = `
import { withTemporaryFolder } from ${JSON.stringify(import.meta.resolve('./temporary-folder.ts'))}
await withTemporaryFolder(async (folder) => {
  console.log(await folder.write('secrets.json', '{}'))
  process.exit(130)
})`
    const { stdout } = (await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
    ]).catch((error: unknown) => error)) as { stdout: string }
    expect(stdout).toContain('secrets.json')
    expect(await isThere(dirname(stdout.trim()))).toBe(false)
  })
})
