/** Bytes that a page loads: each build of the browser SDK, plain and as the network carries it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ROOT } from '../../scripts/setup.mjs'
import type { Measured, Measurement } from './measure.ts'

const FILES = ['index.js', 'millrace.js', 'stub.js']

/** Measures `sdk-web/dist`. */
export const measureSizes: Measurement = async () =>
  FILES.flatMap((file): Measured[] => {
    const bytes = readFileSync(join(ROOT, 'sdk-web/dist', file))
    return [
      { name: `${file} plain`, value: bytes.byteLength, unit: 'bytes' },
      { name: `${file} gzip -9`, value: gzipSync(bytes, { level: 9 }).byteLength, unit: 'bytes' },
      { name: `${file} brotli`, value: brotliCompressSync(bytes).byteLength, unit: 'bytes' },
    ]
  })
