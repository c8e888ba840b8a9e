/** Makes the golden files of what clients of a release keep: in browsers, in spools of the Node SDK, of an import that was stopped. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openShop, readKept, startShop } from './release-browser.ts'
import { writeJson, writeJsonLines, writeText } from './release-files.ts'
import { IMPORT_FILES, readImportFile, runImportIn, writeImportFile } from './release-import.ts'
import { makeSpools, recoverSpool, writeSpool } from './release-spool.ts'
import { launchVisitorBrowser } from './sdk-visitor.ts'
import { waitFor } from './wait.ts'

/** Request of the import that is refused. */
const STOP_AT = 3

/** Makes those of the Node SDK, and what the release itself sends when it starts on them. */
export async function makeSpoolFiles(): Promise<void> {
  await withFolder(async (folder) => {
    const files = await makeSpools(folder)
    writeJsonLines('clients/node-spool.jsonl', files)
    const copy = join(folder, 'copy')
    writeSpool(copy, files)
    const formed = files
      .filter(({ path }) => path.endsWith('.journal'))
      .map(({ text }) => text)
      .join('')
    const sent = (await recoverSpool(copy)).map(({ batchId, ...batch }) => ({
      // A batch that nobody had formed has an id that is made anew each time.
      ...(formed.includes(batchId) ? { batchId } : {}),
      ...batch,
    }))
    writeJsonLines('clients/node-spool-sent.jsonl', sent)
  })
}

/** Makes those of an import. */
export async function makeImportFiles(): Promise<void> {
  await withFolder(async (folder) => {
    writeImportFile(folder)
    const { events } = await runImportIn(folder, STOP_AT)
    for (const name of IMPORT_FILES) writeText(`clients/import/${name}`, readImportFile(folder, name))
    const second = await runImportIn(folder)
    const ids = [...events, ...second.events].map(({ messageId }) => messageId)
    if (new Set(ids).size !== ids.length || second.events.length === 0)
      throw new Error('the import was not stopped halfway')
    writeJsonLines('clients/import/ids.jsonl.gz', [
      events.map(({ messageId }) => messageId),
      second.events.map(({ messageId }) => messageId),
    ])
    const { records, skipped, malformed, sent } = second.report
    writeJsonLines('clients/import/books.jsonl', [
      { records, events: second.report.events, skipped, malformed, sent },
    ])
  })
}

/** What the page's own calls are; the SDK is a global of the page. */
interface ShopWindow {
  millrace: {
    consent: (consent: object) => void
    identify: (userId: string, traits: object) => void
    track: (event: string, properties: object) => void
  }
}

/** Makes that of a browser: a visitor who is known, batches in IndexedDB, and one that a leaving page wrote elsewhere. */
export async function makeBrowserFiles(): Promise<void> {
  const site = await startShop()
  const browser = await launchVisitorBrowser()
  try {
    const context = await browser.newContext()
    const page = await openShop(context, site)
    await page.evaluate(() => {
      const { millrace } = window as unknown as ShopWindow
      millrace.consent({ analytics: 'granted', ads: 'denied' })
      millrace.identify('user-1', { plan: 'pro' })
    })
    await waitFor(
      () => site.events('identify'),
      (found) => found.length === 1,
    )
    site.setDown(true)
    for (let i = 1; i <= 2; i++) {
      await page.evaluate(
        (n) => (window as unknown as ShopWindow).millrace.track('Kept', { n, text: 'ü€😀' }),
        i,
      )
      await waitFor(async () => (await readKept(page)).records.length === i)
    }
    // As a page that leaves: what is not known to be in IndexedDB is written at once.
    const local = await page.evaluate(() => {
      ;(window as unknown as ShopWindow).millrace.track('Kept', { n: 3, text: 'leaving' })
      window.dispatchEvent(new PageTransitionEvent('pagehide'))
      return { ...localStorage } as Record<string, string>
    })
    const kept = await readKept(page)
    const spilled = Object.keys(local).filter((key) => key.startsWith('millrace.outbox.'))
    if (spilled.length === 0) throw new Error('the leaving page wrote nothing')
    const isSpilled = (key: string) => spilled.some((one) => one.endsWith(`.${key}`))
    const records = kept.records.filter(({ key }) => !isSpilled(key))
    writeJson('clients/browser.json', { ...kept, local: { ...kept.local, ...local }, records })
  } finally {
    await browser.close()
    await site.stop()
  }
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-golden-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
