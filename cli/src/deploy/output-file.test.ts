import { describe, expect, it } from 'vitest'
import { readDeployRecord } from './output-file.ts'

const LINE = JSON.stringify({
  ...{
    type: 'deploy',
    version: 1,
    worker_name: 'shop',
    version_id: 'v-1',
    targets: ['shop.name.workers.dev'],
  },
  bundle_size: { raw_bytes: 2_254_554, gzip_bytes: 487_116 },
})

describe('readDeployRecord', () => {
  it('reads the last deployment among other lines, and half a line', () => {
    const text = `{"type":"wrangler-session","version":1}\n${LINE.replace('v-1', 'v-0')}\n${LINE}\n{"type":"dep`
    expect(readDeployRecord(text)).toEqual({
      targets: ['shop.name.workers.dev'],
      versionId: 'v-1',
      size: { rawBytes: 2_254_554, gzipBytes: 487_116 },
    })
  })

  it('has no address of a dry run, and is none where nothing was deployed', () => {
    expect(readDeployRecord('{"type":"deploy","version_id":null}')).toEqual({
      targets: [],
      versionId: undefined,
      size: undefined,
    })
    expect(readDeployRecord('{"type":"command-failed"}\n')).toBeUndefined()
  })
})
