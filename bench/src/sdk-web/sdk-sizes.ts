/** Bytes of each SDK as a page loads it, and of each import path of ours. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ROOT } from '../../../scripts/setup.mjs'
import type { Aim, Measured } from '../measure.ts'
import type { Sdk } from './peers.ts'
import type { RoundResult } from './round.ts'

/** Bounds per file of `sdk-web/dist`, after gzip -9; the stub's is of the text that is pasted. */
const AIMS: Record<string, Aim> = {
  'index.js': { atMost: 4_608 },
  'tiny.js': { atMost: 2_048 },
  'stub.js': { atMost: 400 },
}

/** Sizes of an SDK: of its bundle, and of its vendor's own file where it publishes one. */
export function measureSdkSizes({ published }: Sdk, bundle: string): RoundResult {
  return {
    gzip: gzipBytes(bundle),
    brotli: brotliCompressSync(bundle).byteLength,
    ...(published === undefined ? {} : { published: gzipBytes(readFileSync(join(ROOT, published))) }),
  }
}

/** Sizes of what `@millrace/web` exports, one line a path; what is not built is not there. */
export function measureOwnPaths(): Measured[] {
  return listOwnFiles().flatMap(({ path, file }): Measured[] => {
    const bytes = readFileSync(join(ROOT, 'sdk-web/dist', file))
    const isPasted = file === 'stub.js'
    const aim = AIMS[file]
    return [
      {
        name: `${path}, ${isPasted ? 'as pasted' : 'gzip -9'}`,
        value: isPasted ? bytes.byteLength : gzipBytes(bytes),
        unit: 'bytes',
        ...(aim === undefined ? {} : { aim }),
      },
      { name: `${path}, brotli`, value: brotliCompressSync(bytes).byteLength, unit: 'bytes' },
    ]
  })
}

function listOwnFiles(): { path: string; file: string }[] {
  const manifest = readFileSync(join(ROOT, 'sdk-web/package.json'), 'utf8')
  const { exports } = JSON.parse(manifest) as {
    exports: Record<string, string | { import?: { default: string } }>
  }
  return Object.entries(exports).flatMap(([path, target]) => {
    const file = (typeof target === 'string' ? target : target.import?.default)?.match(
      /^\.\/dist\/(.+\.js)$/,
    )?.[1]
    if (file === undefined || !existsSync(join(ROOT, 'sdk-web/dist', file))) return []
    return [{ path: `@millrace/web${path.slice(1)}`, file }]
  })
}

function gzipBytes(data: string | Uint8Array): number {
  return gzipSync(data, { level: 9 }).byteLength
}
