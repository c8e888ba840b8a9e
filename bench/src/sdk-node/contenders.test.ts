import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Contender, listPlain, listSpooled, withOptions } from './contenders.ts'
import type { ServerSdk } from './subjects.ts'

const OURS: ServerSdk = { name: 'millrace', package: '@millrace/node', version: '1', hasFlush: true }

const SEGMENT: ServerSdk = { ...OURS, name: 'segment', package: '@segment/analytics-node' }

describe('contenders', () => {
  it('are every SDK as it comes, and ours with a spool', () => {
    const sdks = [OURS, SEGMENT]
    const rows = [...listPlain(sdks), ...listSpooled(sdks, [undefined, 'never'])].map(({ row }) => row)
    expect(rows).toEqual(['millrace', 'segment', 'millrace, spool', 'millrace, spool never'])
  })

  it('have a spool folder of their own, which is gone afterwards, also when the work fails', async () => {
    const [contender] = listSpooled([OURS]) as [Contender]
    let folder = ''
    const work = withOptions(contender, { endpoint: 'http://x', run: 'r' }, async ({ spool = '' }) => {
      folder = spool
      writeFileSync(join(folder, 'segment'), '1')
      throw new Error('it broke')
    })
    await expect(work).rejects.toThrow('it broke')
    expect(folder).not.toBe('')
    expect(existsSync(folder)).toBe(false)
  })
})
