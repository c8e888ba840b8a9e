import { expect, it } from 'vitest'
import { createDisk, type DiskCaller } from './disk.ts'
import { marksOn } from './saved-events.ts'

function openDisk(more: Partial<DiskCaller> = {}) {
  const disk = createDisk()
  const caller = { now: () => 5, fails: () => false, isDead: () => false, later: (run: () => void) => run() }
  const fs = disk.openFor({ ...caller, ...more })
  fs.mkdirSync('/a')
  return { disk, fs, caller }
}

/** A record as the spool frames it. */
const record = (json: string) => Buffer.from(`\n00000000 1 ${json.length} ${json}`)

it('a file that is renamed with its folder stays open to those who have it', () => {
  const { disk, fs } = openDisk()
  const fd = fs.openSync('/a/f', 'w+')
  fs.renameSync('/a', '/b')
  fs.writeSync(fd, Buffer.from('xy'), 0, 2, 1)
  expect(disk.paths()).toEqual(['/b/f'])
  expect(fs.readFileSync('/b/f', 'utf8')).toBe('\0xy')
})

it('a link is made once, and outlives the name that it was made from', () => {
  const { fs } = openDisk()
  fs.writeFileSync('/a/f', 'x')
  fs.linkSync('/a/f', '/a/g')
  expect(() => fs.linkSync('/a/f', '/a/g')).toThrow('EEXIST')
  fs.unlinkSync('/a/f')
  expect(fs.readFileSync('/a/g', 'utf8')).toBe('x')
  expect(() => fs.rmdirSync('/a')).toThrow('ENOTEMPTY')
})

it('a write that fails leaves half, which is no saved event', () => {
  let isFull = false
  const { disk, fs } = openDisk({ fails: (name) => isFull && name === 'writeSync' })
  const fd = fs.openSync('/a/f', 'w+')
  const [one, two] = ['{"mark":"one"}', '{"mark":"two","more":"words"}'].map(record) as [Buffer, Buffer]
  fs.writeSync(fd, one, 0, one.length, 0)
  isFull = true
  expect(() => fs.writeSync(fd, two, 0, two.length, one.length)).toThrow('ENOSPC')
  expect([...marksOn(disk)]).toEqual(['one'])
})

it('the dead write nothing, and what they wrote stays', () => {
  let isDead = false
  const { disk, fs, caller } = openDisk({ isDead: () => isDead })
  fs.writeFileSync('/a/f', 'x')
  isDead = true
  expect(() => fs.writeFileSync('/a/f', 'y')).toThrow('dead')
  expect(disk.openFor(caller).readFileSync('/a/f', 'utf8')).toBe('x')
})
