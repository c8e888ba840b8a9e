/** An import of the operator's command that is stopped halfway, and its next run: a run of this tree on what another left. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFakeCollector, type StoredEvent } from '../../cli/src/access-log/fake-collector.ts'
import { NDJSON_FORMAT } from '../../cli/src/import/ndjson.ts'
import { readProgress } from '../../cli/src/import/offset-file.ts'
import { openRejects } from '../../cli/src/import/rejects.ts'
import type { ImportReport } from '../../cli/src/import/report.ts'
import { runImport } from '../../cli/src/import/run.ts'
import { openInput } from '../../cli/src/import/source.ts'

const JOB = { source: 'shop', endpoint: 'http://collector.test', format: NDJSON_FORMAT.name }

/** Lines of the file that is imported. */
const LINES = 1_200

/** What is read and written beside the file: how far the import is, and what was malformed. */
export const IMPORT_FILES = ['offset.json', 'rejects.ndjson'] as const

/** Writes the file: every tenth line is no JSON, every seventh is blank, the others are events. The same every time. */
export function writeImportFile(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const lineOf = (n: number) => {
    if (n % 10 === 0) return `not JSON ${n}`
    if (n % 7 === 0) return ''
    return `{"type":"track","event":"E","userId":"u${n}","timestamp":"2024-03-03T09:00:00Z","properties":{"n":${n}}}`
  }
  writeFileSync(
    join(folder, 'events.ndjson'),
    Array.from({ length: LINES }, (_, index) => `${lineOf(index + 1)}\n`).join(''),
  )
}

/** One run in a folder. `stopAt`: the request that the collector refuses, as when the key is taken away. Default: none. */
export async function runImportIn(
  folder: string,
  stopAt = Number.POSITIVE_INFINITY,
): Promise<{ report: ImportReport; events: StoredEvent[] }> {
  const refusal = { status: 401, body: { success: false, code: 'unknown_write_key', message: 'No.' } }
  const collector = createFakeCollector((request) => (request < stopAt ? undefined : refusal))
  const offsetPath = join(folder, 'offset.json')
  const earlier = await readProgress(offsetPath, JOB)
  const report = await runImport({
    ...JOB,
    ...{ secretKey: 'secret', random: () => 0, fetch: collector.fetch },
    format: NDJSON_FORMAT,
    input: await openInput(join(folder, 'events.ndjson'), { stdin: process.stdin }),
    resume: { path: offsetPath, earlier },
    rejects: await openRejects(join(folder, 'rejects.ndjson'), earlier?.rejectsBytes ?? 0),
  })
  return { report, events: collector.events }
}

/** Text of a file beside the import. */
export function readImportFile(folder: string, name: (typeof IMPORT_FILES)[number]): string {
  return readFileSync(join(folder, name), 'utf8')
}
