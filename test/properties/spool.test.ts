/**
 * The Node SDK's spool under abuse: a process that dies at any of its calls to the disk, a disk that fails at any call, and
 * real processes that are killed while others look for their events.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import * as nodeFs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Batch } from '../../sdk-node/src/outbox.ts'
import { LIMITS, openTestSpool, takeAll } from '../../sdk-node/src/spool/fakes.ts'
import type { FileSystem } from '../../sdk-node/src/spool/file-system.ts'

let directory: string

beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'millrace-spool-'))
})

afterEach(() => nodeFs.rmSync(directory, { recursive: true, force: true }))

/** What the client does with its spool, one thing after the other. */
type Step = { do: 'add'; count: number } | { do: 'turn' | 'take' | 'settle' | 'putBack' | 'save' | 'idle' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 8 }) }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'turn' as const,
          'take' as const,
          'settle' as const,
          'putBack' as const,
          'save' as const,
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('idle' as const) }) },
  ),
  { minLength: 8, maxLength: 30 },
)

/** The platform's disk, until `isBroken` says of a call's number that it fails; writes then leave half behind. */
function createDisk(isBroken: (number: number) => boolean, code: string, tears: (number: number) => boolean) {
  let number = 0
  const open = new Set<number>()
  const fail = (name: string, args: unknown[]) => {
    if (name === 'writeSync' && tears(number)) {
      const [fd, data, offset, length, position] = args as [number, Uint8Array, number, number, number]
      nodeFs.writeSync(fd, data, offset, length >> 1, position)
    }
    throw Object.assign(new Error(`${code}: made up for ${name}`), { code })
  }
  function call(name: string, args: unknown[]): unknown {
    number += 1
    if (isBroken(number)) fail(name, args)
    // What was written outlives a process without it, and a test cannot cut the power.
    if (name === 'fsyncSync') return undefined
    const result: unknown = (Reflect.get(nodeFs, name) as (...args: unknown[]) => unknown)(...args)
    if (name === 'openSync') open.add(Number(result))
    if (name === 'closeSync') open.delete(Number(args[0]))
    return result
  }
  const fs = new Proxy(nodeFs as unknown as FileSystem, {
    get: (_, name) => {
      if (name !== 'fsync') return (...args: unknown[]) => call(String(name), args)
      return (_fd: number, done: (cause: Error | null) => void) => done(null)
    },
  })
  return {
    fs,
    calls: () => number,
    /** What the system does with the descriptors of a process that ended. */
    closeAll: () => {
      for (const fd of open) nodeFs.closeSync(fd)
    },
  }
}

const key = (stream: string, seq: number) => `${stream}-${seq}`
const keysOf = ({ stream, firstSeq, events }: Batch) =>
  events.map((_, index) => key(stream, firstSeq + index))

describe('a process that dies at any call to the disk', () => {
  /** Runs the steps until the call with this number, and tells what must come back. */
  function runUntil(script: Step[], deathAt: number, fsync: 'always' | 'never') {
    let isDead = false
    const disk = createDisk(
      (number) => (isDead ||= number >= deathAt),
      'EIO',
      // The dead write no more.
      (number) => number === deathAt,
    )
    const running = new Set<number>()
    const opened = tryTo(() =>
      openTestSpool({
        directory,
        running,
        fs: disk.fs,
        fsync,
        maxBytes: 100_000,
        timers: { after: () => () => {} },
      }),
    )
    const added = new Map<string, string>()
    let saved: string[] = []
    const given = new Map<string, Batch>()
    const mayBeSettled = new Set<string>()
    const held: Batch[] = []
    for (const step of opened === undefined ? [] : script) {
      const { spool, time, pid } = opened as NonNullable<typeof opened>
      if (step.do === 'add') {
        for (let count = 0; count < step.count; count += 1) {
          const json = JSON.stringify({ n: spool.lastSeq() + 1 })
          const seq = spool.add({ json, bytes: json.length })
          if (seq !== undefined) added.set(key(`stream${pid}`, seq), json)
          if (fsync === 'always' && !isDead) saved = [...added.keys()]
        }
      } else if (step.do === 'take') {
        const batch = spool.take(LIMITS, 'all')
        if (batch !== undefined) held.push(batch)
        if (batch !== undefined && !isDead) given.set(batch.batchId, batch)
      } else if (step.do === 'settle') {
        const batch = held.shift()
        if (batch !== undefined) {
          for (const event of keysOf(batch)) mayBeSettled.add(event)
          given.delete(batch.batchId)
          spool.settle(batch)
        }
      } else if (step.do === 'putBack') {
        const batch = held.shift()
        if (batch !== undefined) spool.putBack(batch)
      } else if (step.do === 'save') spool.save()
      else time.turn()
      // What one turn of the event loop wrote is beyond the process as well.
      if ((step.do === 'save' || step.do === 'turn') && !isDead) saved = [...added.keys()]
      if (isDead) break
    }
    disk.closeAll()
    running.clear()
    return {
      added,
      owed: saved.filter((event) => !mayBeSettled.has(event)),
      given,
      running,
      calls: disk.calls(),
    }
  }

  it('leaves to the next what was written and not settled, in the batches that were formed', () => {
    let deaths = 0
    fc.assert(
      fc.property(steps, fc.constantFrom('always' as const, 'never' as const), (script, fsync) => {
        const { calls } = runUntil(script, Infinity, fsync)
        for (let deathAt = 1; deathAt <= calls; deathAt += 1) {
          nodeFs.rmSync(directory, { recursive: true, force: true })
          const { added, owed, given, running } = runUntil(script, deathAt, fsync)
          const { spool, time, troubles } = openTestSpool({ directory, running, fsync: 'never' })
          time.turn()
          const batches = takeAll(spool)
          const found = batches.flatMap((batch) =>
            keysOf(batch).map((event, index) => [event, batch.events[index]] as const),
          )
          expect(new Set(found.map(([event]) => event)).size).toBe(found.length)
          for (const [event, json] of found) expect(json).toBe(added.get(event))
          expect(found.map(([event]) => event)).toEqual(expect.arrayContaining(owed))
          for (const batch of given.values()) expect(batches).toContainEqual({ ...batch, isRecovered: true })
          // A torn write is one at the end; nothing else may look damaged.
          expect(troubles.reduce((sum, { dropped }) => sum + dropped, 0)).toBeLessThanOrEqual(1)
          spool.close()
          deaths += 1
        }
        nodeFs.rmSync(directory, { recursive: true, force: true })
      }),
      { numRuns: 25 },
    )
    expect(deaths).toBeGreaterThan(500)
  })
})

describe('a disk that fails for a while, from any call on', () => {
  it('costs no event but those reported, doubles none, and leaves nothing behind', () => {
    const outages = fc.record({ from: fc.nat(120), length: fc.integer({ min: 1, max: 60 }) })
    const codes = fc.constantFrom('ENOSPC', 'EIO', 'EACCES', 'ENOENT')
    fc.assert(
      fc.property(steps, outages, codes, (script, { from, length }, code) => {
        nodeFs.rmSync(directory, { recursive: true, force: true })
        nodeFs.mkdirSync(directory)
        // The first calls prepare the directory; without them there is no spool.
        const disk = createDisk(
          (number) => number > from + 2 && number <= from + 2 + length,
          code,
          () => true,
        )
        const { spool, time, troubles, pid } = openTestSpool({ directory, fs: disk.fs, maxBytes: 100_000 })
        const held: Batch[] = []
        const seen = new Map<string, string>()
        /** Of these, those that came as this client's own. */
        const direct = new Set<string>()
        const end = (batch: Batch) => {
          for (const [index, event] of keysOf(batch).entries()) {
            // Files that could not be removed are found again later, and sent under the same ids.
            if (batch.isRecovered && seen.has(event)) expect(batch.events[index]).toBe(seen.get(event))
            else expect(seen.has(event)).toBe(false)
            seen.set(event, batch.events[index] ?? '')
            if (!batch.isRecovered) direct.add(event)
          }
          spool.settle(batch)
        }
        for (const step of script) {
          const batch = step.do === 'settle' || step.do === 'putBack' ? held.shift() : undefined
          if (step.do === 'add') {
            for (let count = 0; count < step.count; count += 1) {
              const json = JSON.stringify({ n: spool.lastSeq() + 1 })
              spool.add({ json, bytes: json.length })
            }
          } else if (step.do === 'take') {
            const taken = spool.take(LIMITS, 'all')
            if (taken !== undefined) held.push(taken)
          } else if (step.do === 'settle' && batch !== undefined) end(batch)
          else if (step.do === 'putBack' && batch !== undefined) spool.putBack(batch)
          else if (step.do === 'save') spool.save()
          else if (step.do === 'idle') time.advance(1_500)
          else time.turn()
        }
        for (let tries = 0; tries < 70; tries += 1) time.advance(1_000)
        for (const batch of held) end(batch)
        // What the disk does not give back for a moment is asked for again, until there has been nothing for a minute.
        for (let quiet = 0; quiet < 60; quiet += 1) {
          for (let batch = spool.take(LIMITS, 'all'); batch; batch = spool.take(LIMITS, 'all')) {
            end(batch)
            quiet = 0
          }
          if (spool.newCount() > 0 || spool.hasOld()) quiet = 0
          time.advance(1_000)
        }
        const gone = troubles.flatMap((trouble) =>
          trouble.gone.flatMap(({ firstSeq, count }) =>
            Array.from({ length: count }, (_, index) => key(`stream${pid}`, firstSeq + index)),
          ),
        )
        const all = Array.from({ length: spool.lastSeq() }, (_, index) => key(`stream${pid}`, index + 1))
        expect(gone.filter((event) => direct.has(event))).toEqual([])
        // What stays for the next process may be found by this one, when it looks for leftovers.
        expect([...new Set([...seen.keys(), ...gone])].sort()).toEqual([...all].sort())
        for (const [event, json] of seen)
          expect(json).toBe(JSON.stringify({ n: Number(event.split('-')[1]) }))
        expect([spool.newCount(), spool.hasOld(), spool.hasRoom(), spool.isHalfFree()]).toEqual([
          0,
          false,
          true,
          true,
        ])
        spool.close()
        disk.closeAll()
      }),
      { numRuns: 800 },
    )
  })
})

const SPOOL = new URL('../../sdk-node/src/spool/open-spool.ts', import.meta.url).href

/** A process with a spool whose timers run fifty times as fast; it does what `text` says and tells what in lines. */
function startProcess(text: string): {
  child: ChildProcess
  lines: string[]
  wait(line: string): Promise<void>
} {
  const script = `
    import { openSpool } from '${SPOOL}'
    const tell = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
    const open = (stream) => openSpool({
      directory: process.env.SPOOL, destination: 'd', stream, fsync: 'never', maxQueueBytes: 1_000_000,
      randomId: () => crypto.randomUUID(),
      timers: { after: (ms, call) => { const timer = setTimeout(call, ms / 2_000); return () => clearTimeout(timer) } },
      onTrouble: tell, onWork: () => {},
    })
    ${text}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, SPOOL: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  const wait = (line: string) =>
    new Promise<void>((resolve) => {
      if (lines.includes(line)) return resolve()
      reader.on('line', (found) => found === line && resolve())
    })
  return { child, lines, wait }
}

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
  })

/** Streams that a process leaves behind, and events of each. */
const STREAMS = 12
const EVENTS = 20

const LEAVE = `
  for (let number = 0; number < ${STREAMS}; number += 1) {
    const spool = open('s' + number)
    for (let seq = 1; seq <= ${EVENTS}; seq += 1) spool.add({ json: '{"n":' + seq + '}', bytes: ('{"n":' + seq + '}').length })
    if (number % 3 === 0) spool.take({ maxEvents: 7, maxBytes: 9_000 }, 'all')
    spool.save()
  }
  tell('ready')`

const COLLECT = `
  const spool = open('c' + process.pid)
  tell('ready')
  setInterval(() => {
    const batch = spool.take({ maxEvents: 7, maxBytes: 9_000 }, 'all')
    if (batch === undefined) return
    const events = batch.events.map((_, index) => batch.stream + '-' + (batch.firstSeq + index))
    tell({ batchId: batch.batchId, events })
    setTimeout(() => spool.settle(batch), 2)
  }, 1)`

describe('processes on one folder', () => {
  /** Runs collectors while one that left events is killed; `disturb` may kill some of them too. */
  async function collect(disturb: (collectors: ChildProcess[]) => void) {
    const leaver = startProcess(LEAVE)
    const survivors = [startProcess(COLLECT), startProcess(COLLECT)]
    await Promise.all([leaver, ...survivors].map(({ wait }) => wait('"ready"')))
    leaver.child.kill('SIGKILL')
    const all = [...survivors, startProcess(COLLECT)]
    disturb(all.map(({ child }) => child))
    for (let tries = 0; tries < 400 && nodeFs.readdirSync(directory).length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    for (const { child } of all) child.kill('SIGKILL')
    await Promise.all([leaver, ...all].map(({ child }) => ended(child)))
    type Told = { batchId: string; events: string[] }
    const told = all.flatMap(({ lines }) =>
      lines.filter((line) => line.includes('batchId')).map((line) => JSON.parse(line) as Told),
    )
    return { told, troubles: all.flatMap(({ lines }) => lines.filter((line) => line.includes('spool_'))) }
  }

  const expected = Array.from(
    { length: STREAMS * EVENTS },
    (_, i) => `s${i % STREAMS}-${1 + Math.floor(i / STREAMS)}`,
  )

  it('each event of one that was killed comes to exactly one of three', { timeout: 120_000 }, async () => {
    for (let round = 0; round < 6; round += 1) {
      const { told, troubles } = await collect(() => {})
      expect(told.flatMap(({ events }) => events).sort()).toEqual([...expected].sort())
      expect(troubles).toEqual([])
    }
  })

  it('when a second one is killed meanwhile, only its open batches come again, as they were', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < 5; round += 1) {
      const { told } = await collect(([first]) => {
        setTimeout(() => first?.kill('SIGKILL'), 3 * round)
      })
      const batchOf = new Map<string, string>()
      for (const { batchId, events } of told) {
        for (const event of events) expect(batchOf.get(event) ?? batchId).toBe(batchId)
        for (const event of events) batchOf.set(event, batchId)
      }
      expect([...batchOf.keys()].sort()).toEqual([...expected].sort())
    }
  })
})

function tryTo<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
