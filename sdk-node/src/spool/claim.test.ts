import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ClaimContext, claimFolder, createClaimedFolder, isOwnerAlive, type Owner } from './claim.ts'
import { createFakeSystem, createFaultyFs, filesIn, makeFolder } from './fakes.ts'
import type { FileSystem } from './file-system.ts'

let ids = 0

function contextOf(pid: number, running: Set<number>, fs: FileSystem = nodeFs): ClaimContext {
  const system = createFakeSystem(pid, running)
  return { fs, system, stream: `s${pid}`, randomId: () => `r${++ids}`, now: Date.now, syncsFolders: true }
}

const ME = createFakeSystem(1, new Set([1, 2]))
const OWNER: Owner = { pid: 2, startedAt: 1, host: 'h', bootId: 'b', stream: 's' }

describe('whether an owner lives', () => {
  it.each<[string, Owner | undefined, number, boolean]>([
    ['its process runs', OWNER, 9e9, true],
    ['its process does not run', { ...OWNER, pid: 3 }, 0, false],
    [
      'a thread of this process, silent for 59 s',
      { ...OWNER, pid: ME.pid, startedAt: ME.startedAt },
      59_000,
      true,
    ],
    [
      'a thread of this process, silent for a minute',
      { ...OWNER, pid: ME.pid, startedAt: ME.startedAt },
      60_000,
      false,
    ],
    ['it let go', { ...OWNER, isReleased: true }, 0, false],
    ['the machine started anew', { ...OWNER, bootId: 'before' }, 0, false],
    ['another host, silent for 59 s', { ...OWNER, host: 'other', pid: 3 }, 59_000, true],
    ['another host, silent for a minute', { ...OWNER, host: 'other' }, 60_000, false],
    ['an unreadable file, 59 s old', undefined, 59_000, true],
    ['an unreadable file, a minute old', undefined, 60_000, false],
    ['a start time that is not known, silent for 9 minutes', { ...OWNER, startedAt: 0 }, 540_000, true],
    ['a start time that is not known, silent for 10 minutes', { ...OWNER, startedAt: 0 }, 600_000, false],
  ])('%s', (_, owner, silenceMs, isAlive) => {
    expect(isOwnerAlive(owner, ME, () => silenceMs)).toBe(isAlive)
  })
})

describe('claim', () => {
  it('a folder is owned from its first moment', () => {
    const path = join(makeFolder(), 'stream')
    createClaimedFolder(contextOf(1, new Set([1])), path)
    expect(nodeFs.readdirSync(path)).toEqual(['owner-1'])
    expect(nodeFs.readdirSync(join(path, '..'))).toEqual(['stream'])
    expect(claimFolder(contextOf(2, new Set([1, 2])), path)).toBeUndefined()
    expect(claimFolder(contextOf(2, new Set([2])), path)).toBeDefined()
    expect(nodeFs.readdirSync(path)).toEqual(['owner-2'])
  })

  it('of two who find the owner dead, one gets the folder, at whichever call the other comes between', () => {
    let races = 0
    for (let at = 1; at <= 40; at += 1) {
      const path = join(makeFolder(), 'stream')
      createClaimedFolder(contextOf(1, new Set()), path)
      const running = new Set([2, 3])
      const winners: number[] = []
      const other = () => {
        if (claimFolder(contextOf(3, running), path) !== undefined) winners.push(3)
        races += 1
      }
      const fs = createFaultyFs(({ number }) => void (number === at && other()))
      if (claimFolder(contextOf(2, running, fs), path) !== undefined) winners.push(2)
      if (fs.calls() >= at) expect(winners).toHaveLength(1)
    }
    expect(races).toBeGreaterThan(5)
  })

  it('who looked before others claimed, worked and let go does not get it as well', () => {
    const path = join(makeFolder(), 'stream')
    createClaimedFolder(contextOf(1, new Set()), path)
    const running = new Set([2, 3, 4])
    const owners: number[] = []
    const fs = createFaultyFs(({ name }) => {
      if (name !== 'linkSync') return undefined
      claimFolder(contextOf(3, running), path)?.release()
      if (claimFolder(contextOf(4, running), path) !== undefined) owners.push(4)
      return undefined
    })
    if (claimFolder(contextOf(2, running, fs), path) !== undefined) owners.push(2)
    expect(owners).toEqual([4])
  })

  it('works without links', () => {
    const path = join(makeFolder(), 'stream')
    const fs = createFaultyFs(({ name }) => (name === 'linkSync' ? 'fail' : undefined), 'EPERM')
    createClaimedFolder(contextOf(1, new Set()), path)
    const running = new Set([2, 3])
    expect(claimFolder(contextOf(2, running, fs), path)?.beat()).toBe('held')
    expect(claimFolder(contextOf(3, running, fs), path)).toBeUndefined()
    expect(nodeFs.readdirSync(path)).toEqual(['owner-2'])
  })

  it('a sign of life renews the file, and finds out who came after', () => {
    const path = join(makeFolder(), 'stream')
    const claim = createClaimedFolder(contextOf(1, new Set()), path)
    const file = join(path, 'owner-1')
    const content = nodeFs.readFileSync(file, 'utf8')
    nodeFs.utimesSync(file, 1, 1)
    expect(claim.beat()).toBe('held')
    expect(Date.now() - nodeFs.statSync(file).mtimeMs).toBeLessThan(60_000)
    expect(nodeFs.readFileSync(file, 'utf8')).toBe(content)
    claimFolder(contextOf(2, new Set()), path)
    expect(claim.beat()).toBe('lost')
    nodeFs.rmSync(path, { recursive: true })
    expect(claim.beat()).toBe('gone')
  })

  it('silence is measured by the clock that dates the files', () => {
    const path = join(makeFolder(), 'stream')
    const elsewhere = contextOf(1, new Set())
    createClaimedFolder({ ...elsewhere, system: { ...elsewhere.system, host: 'other' } }, path)
    const wrongClock = { ...contextOf(2, new Set()), now: () => Date.now() + 3_600_000 }
    expect(claimFolder(wrongClock, path)).toBeUndefined()
    nodeFs.utimesSync(join(path, 'owner-1'), new Date(), new Date(Date.now() - 61_000))
    expect(claimFolder(wrongClock, path)).toBeDefined()
    expect(filesIn(join(path, '..'))).toEqual(['stream/owner-2'])
  })

  it('a folder is deleted with its claims, and kept when a person must look at something in it', () => {
    const path = join(makeFolder(), 'destination', 'stream')
    const claim = createClaimedFolder(contextOf(1, new Set()), path)
    nodeFs.writeFileSync(join(path, '000001-1.events.unreadable'), '')
    claim.removeFolder()
    expect(filesIn(path)).toEqual(['000001-1.events.unreadable'])
    nodeFs.rmSync(path, { recursive: true })
    createClaimedFolder(contextOf(1, new Set()), path).removeFolder()
    expect(nodeFs.existsSync(join(path, '..'))).toBe(false)
  })
})
