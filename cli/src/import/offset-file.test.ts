import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { emptyCounts } from './books.ts'
import { createOffsetFile, type Progress, readProgress } from './offset-file.ts'

const JOB = { format: 'ndjson', source: 'shop', endpoint: 'http://collector.test' }

function progressAt(line: number): Progress {
  return {
    version: 1,
    job: JOB,
    file: 'events.ndjson',
    fileBytes: 100,
    firstLine: 'ab',
    position: { line, start: line * 10, byte: line * 10 + 10, checksum: 7 },
    rejectsBytes: 0,
    counts: emptyCounts(),
    savedAt: '2026-11-22T09:00:00.000Z',
  }
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

describe('an offset file', () => {
  it('is read as it was written, and nothing else is left behind', async () => {
    const folder = await makeFolder()
    const path = join(folder, 'offset.json')
    expect(await readProgress(path, JOB)).toBeUndefined()
    const file = createOffsetFile({ path, progress: async () => progressAt(3), onFailure() {}, now: () => 0 })
    await file.save()
    expect(await readProgress(path, JOB)).toEqual(progressAt(3))
    expect(await readdir(folder)).toEqual(['offset.json'])
  })

  it.each([
    ['byte', { position: { ...progressAt(3).position, byte: -1 } }],
    ['start', { position: { ...progressAt(3).position, start: -7 } }],
    ['line', { position: { byte: 1, start: 0 } }],
    ['rejects', { rejectsBytes: -4 }],
    ['records', { counts: { ...progressAt(3).counts, records: 'x' } }],
    ['skipped', { counts: { ...progressAt(3).counts, skipped: undefined } }],
    ['counts', { counts: null }],
    ['job', { job: null }],
  ])('is refused when it is nonsense: %s', async (_, part) => {
    const path = join(await makeFolder(), 'offset.json')
    await writeFile(path, JSON.stringify({ ...progressAt(3), ...part }))
    await expect(readProgress(path, JOB)).rejects.toThrow('is no offset file of an import')
  })

  it('is not written while nothing is settled', async () => {
    const folder = await makeFolder()
    const path = join(folder, 'offset.json')
    await createOffsetFile({ path, progress: async () => undefined, onFailure() {}, now: () => 0 }).save()
    expect(await readdir(folder)).toEqual([])
  })

  it('is written at most once a second, however often something is settled', async () => {
    const path = join(await makeFolder(), 'offset.json')
    let time = 0
    const written: number[] = []
    const progress = async () => {
      written.push(time)
      return progressAt(1)
    }
    const file = createOffsetFile({ path, progress, onFailure() {}, now: () => time })
    for (; time < 3_500; time += 100) {
      file.touch()
      // Ends what touch began.
      if (time % 1_000 === 0) await file.save().then(() => written.pop())
    }
    expect(written).toEqual([1_000, 2_000, 3_000])
  })

  it('that cannot be written is told, and again when it is saved at the end', async () => {
    const path = join(await makeFolder(), 'no-such-folder', 'offset.json')
    const failure = Promise.withResolvers<Error>()
    let time = 0
    const file = createOffsetFile({
      path,
      progress: async () => progressAt(1),
      onFailure: failure.resolve,
      now: () => time,
    })
    time = 1_000
    file.touch()
    expect((await failure.promise).message).toContain('ENOENT')
    await expect(file.save()).rejects.toThrow('ENOENT')
  })

  it.each([
    ['{"version":1}', 'is no offset file of an import'],
    ['{"version":2}', 'is no offset file of an import'],
    ['null', 'is no offset file of an import'],
    ['half a fi', 'is no offset file of an import'],
    [JSON.stringify({ ...progressAt(1), job: { ...JOB, source: 'blog' } }), 'with another source, blog'],
    [JSON.stringify({ ...progressAt(1), job: { ...JOB, format: 'csv' } }), 'with another format, csv'],
    [
      JSON.stringify({ ...progressAt(1), job: { ...JOB, endpoint: 'http://x' } }),
      'with another endpoint, http://x',
    ],
  ])('that is none, or of another import, is refused (%#)', async (text, message) => {
    const path = join(await makeFolder(), 'offset.json')
    await writeFile(path, text)
    await expect(readProgress(path, JOB)).rejects.toThrow(message)
    expect(await readFile(path, 'utf8')).toBe(text)
  })
})
