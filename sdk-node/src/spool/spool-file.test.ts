import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createFaultyFs, makeFolder } from './fakes.ts'
import type { FileSystem } from './file-system.ts'
import { createRecordReader } from './record-reader.ts'
import { SpoolFile } from './spool-file.ts'

function create(fs: FileSystem = nodeFs) {
  const path = join(makeFolder(), 'file')
  const usage = { bytes: 0, unwrittenBytes: 0 }
  const file = new SpoolFile({ fs, path, usage })
  const add = (number: number) => file.append(number, '{}', 2)
  const numbers = (from = file) => {
    const reader = createRecordReader((...place) => from.read(...place))
    const found: number[] = []
    for (let record = reader.next(); record !== undefined; record = reader.next()) found.push(record.number)
    return found
  }
  return { file, path, usage, add, numbers }
}

describe('file of a spool', () => {
  it('reads what is written and what is in memory alike', () => {
    const { file, add, numbers, usage } = create()
    add(1)
    expect([numbers(), usage.unwrittenBytes]).toEqual([[1], file.size()])
    file.write()
    add(2)
    expect(numbers()).toEqual([1, 2])
    expect(usage).toEqual({ bytes: file.size(), unwrittenBytes: file.pendingBytes() })
  })

  it('keeps in memory what could not be written, and leaves no half of it on the disk', () => {
    let isFailing = false
    const fs = createFaultyFs(({ name }) => (isFailing && name === 'writeSync' ? 'fail' : undefined))
    const { file, path, add, numbers } = create(fs)
    add(1)
    file.write()
    const size = nodeFs.statSync(path).size
    isFailing = true
    add(2)
    expect(() => file.write()).toThrow('ENOSPC')
    expect([numbers(), nodeFs.statSync(path).size]).toEqual([[1, 2], size])
    isFailing = false
    file.write()
    file.close()
    expect(numbers()).toEqual([1, 2])
  })

  it('a new file whose first write fails is not there', () => {
    const fs = createFaultyFs(({ name }) => (name === 'writeSync' ? 'fail' : undefined))
    const { file, path, add } = create(fs)
    add(1)
    expect(() => file.write()).toThrow()
    expect(nodeFs.existsSync(path)).toBe(false)
  })

  it('goes on when the system writes only a part', () => {
    const short: Pick<FileSystem, 'writeSync'> = {
      writeSync: ((fd: number, data: Uint8Array, offset: number, length: number, position: number) =>
        nodeFs.writeSync(fd, data, offset, Math.ceil(length / 3), position)) as FileSystem['writeSync'],
    }
    const { file, add, numbers } = create({ ...nodeFs, ...short })
    for (let number = 1; number <= 50; number += 1) add(number)
    file.write()
    file.close()
    expect(numbers()).toHaveLength(50)
  })

  it('a descriptor is closed after the sync that uses it, not before', async () => {
    const order: string[] = []
    const fs = createFaultyFs(({ name }) => void order.push(name))
    const { file, add } = create(fs)
    add(1)
    file.write()
    const synced = new Promise((resolve) => file.sync(resolve))
    file.close()
    expect(order.at(-1)).toBe('fsync')
    expect(await synced).toBeNull()
    expect(order.at(-1)).toBe('closeSync')
  })

  it('gives its room back when it is deleted or given up', () => {
    const { file, path, add, usage } = create()
    add(1)
    file.write()
    add(2)
    file.remove()
    expect([usage, nodeFs.existsSync(path)]).toEqual([{ bytes: 0, unwrittenBytes: 0 }, false])
    file.forget()
    expect(usage.bytes).toBe(0)
  })
})
