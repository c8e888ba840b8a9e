import { expect, test } from 'vitest'
import { formatMatrix } from './matrix.ts'
import type { SdkMeasured } from './metrics.ts'

const line = (sdk: string, metric: string, value: number, more: Partial<SdkMeasured> = {}): SdkMeasured => ({
  name: `${sdk}: ${metric}`,
  unit: 'bytes',
  sdk,
  metric,
  value,
  ...more,
})

test('the matrix has a row an SDK, what failed, and the aims', () => {
  const lines = formatMatrix([
    line('ours 1.0', 'gzip', 3_235, { aim: { atMost: 4_608 }, samples: [3_235, 3_300] }),
    line('ours 1.0', 'track1000', 4.25),
    line('other 2.0', 'gzip', 43_553),
    line('other 2.0', 'failed', 1, { error: 'start() threw' }),
    { name: 'stub', value: 500, unit: 'bytes', aim: { atMost: 400 } },
  ])
  expect(lines[0]).toMatch(/^ +gzip B +brotli B/)
  expect(lines[1]).toMatch(/^ {2}ours 1\.0 +3,235( +-){4} +4\.3/)
  expect(lines[2]).toMatch(/^ {2}other 2\.0 +43,553( +-)+$/)
  expect(lines.slice(3)).toEqual([
    '  other 2.0 failed: start() threw',
    '',
    '  ours 1.0: gzip: 3,235 bytes (3,235 to 3,300); aim at most 4,608: kept',
    '  stub: 500 bytes; aim at most 400: missed',
  ])
})
