import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { ImportRecord, Malformed } from './format.ts'
import { openRejects } from './rejects.ts'

const WHY: Malformed = { kind: 'malformed', reason: 'not JSON' }

const recordOf = (line: number) => ({ line, bytes: Buffer.from([0x61, 0xff]) }) as ImportRecord

async function makePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'rejects')
}

it('rejects of a new import replace those of the one before', async () => {
  const path = await makePath()
  await writeFile(path, 'old\n')
  const rejects = await openRejects(path, 0)
  rejects.add(recordOf(3), WHY)
  await rejects.close()
  const text = '{"line":3,"reason":"not JSON","text":"a\u{fffd}"}\n'
  expect(await readFile(path, 'utf8')).toBe(text)
  expect(rejects.bytes()).toBe(Buffer.byteLength(text))
})

it('rejects that were not settled are cut off, and what is missing is not made up', async () => {
  const path = await makePath()
  await writeFile(path, 'kept\nnot settled\n')
  const rejects = await openRejects(path, 5)
  expect(rejects.bytes()).toBe(5)
  rejects.add(recordOf(1), WHY)
  await rejects.close()
  expect(await readFile(path, 'utf8')).toMatch(/^kept\n\{"line":1.*\}\n$/)
  await writeFile(path, 'short\n')
  await (await openRejects(path, 1_000)).close()
  expect(await readFile(path, 'utf8')).toBe('short\n')
})
