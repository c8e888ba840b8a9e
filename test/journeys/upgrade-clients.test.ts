/** What clients of 0.1.0 keep is delivered by newer ones, under the ids that it has: spools of the Node SDK, a stopped import. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Counts } from '../../cli/src/import/books.ts'
import { readJsonLines, readText } from '../support/release-files.ts'
import { IMPORT_FILES, runImportIn, writeImportFile } from '../support/release-import.ts'
import {
  readSpool,
  recoverSpool,
  type SentBatch,
  type SpoolFileText,
  writeSpool,
} from '../support/release-spool.ts'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-upgrade-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Events with the id that each has by the batch that it came in. */
function eventsOf(sent: readonly SentBatch[]): [path: string, id: string, event: unknown][] {
  return sent.flatMap(({ path, stream, firstSeq, batch }) =>
    batch.map((event, index): [string, string, unknown] => [path, `${stream}-${firstSeq + index}`, event]),
  )
}

it('a spool of 0.1.0, written in each way, is delivered once under its ids, and nothing that was answered for', async () => {
  const golden = readJsonLines<SentBatch>('clients/node-spool-sent.jsonl')
  const folder = makeFolder()
  writeSpool(folder, readJsonLines<SpoolFileText>('clients/node-spool.jsonl'))
  const sent = await recoverSpool(folder)
  expect(eventsOf(sent), 'the Node SDK must read the spool format of 0.1.0; see docs/upgrade.md').toEqual(
    eventsOf(golden),
  )
  // Batches that were under way come again as they were formed.
  const formed = golden.filter(({ batchId }) => batchId !== undefined)
  expect(formed.length).toBeGreaterThan(6)
  for (const { batchId, stream, firstSeq, batch } of formed) {
    expect(sent).toContainEqual(expect.objectContaining({ batchId, stream, firstSeq, batch }))
  }
  expect(readSpool(folder).filter(({ path }) => path.endsWith('.events'))).toEqual([])
})

it('an import that 0.1.0 was stopped in goes on where it was, under the same ids, and its books close', async () => {
  const [first = [], second = []] = readJsonLines<string[]>('clients/import/ids.jsonl.gz')
  const [books] = readJsonLines<Counts>('clients/import/books.jsonl')
  const folder = makeFolder()
  writeImportFile(folder)
  for (const name of IMPORT_FILES) writeFileSync(join(folder, name), readText(`clients/import/${name}`))
  const { report, events } = await runImportIn(folder)
  expect(events.map(({ messageId }) => messageId)).toEqual(second)
  expect(report.stopped).toBeUndefined()
  const { records, skipped, malformed, sent } = report
  expect({ records, events: report.events, skipped, malformed, sent }).toEqual(books)
  expect(report.events).toBe(first.length + second.length)
})
