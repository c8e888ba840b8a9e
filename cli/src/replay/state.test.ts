/** The journal of a replay, as files on disk. */

import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { defaultStatePath, openState } from './state.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const newPath = () => join(folder, crypto.randomUUID(), 'state.json')
const PARAMETERS = { sources: ['shop'], from: '24h' }
const START = { id: 'first', range: { from: 1, to: 2 } }
const LATER = { id: 'second', range: { from: 3, to: 4 } }
const file = (name: string, sha256 = 'a') => ({ path: `events/source=shop/${name}`, sha256 })

describe('a state', () => {
  it('goes on with what was done, and the range of then', async () => {
    const path = newPath()
    const first = await openState(path, PARAMETERS, START)
    expect([first.isResumed, first.has(file('x'))]).toEqual([false, false])
    await first.add([file('x'), file('y')])
    const next = await openState(path, PARAMETERS, LATER)
    expect([next.isResumed, next.id, next.range]).toEqual([true, 'first', START.range])
    expect([next.has(file('x')), next.has(file('y')), next.has(file('z'))]).toEqual([true, true, false])
    expect(next.has(file('x', 'other content'))).toBe(false)
    await next.remove()
    expect(existsSync(path)).toBe(false)
  })

  it('begins anew for other parameters', async () => {
    const path = newPath()
    await (await openState(path, PARAMETERS, START)).add([file('x')])
    const other = await openState(path, { ...PARAMETERS, from: '48h' }, LATER)
    expect([other.isResumed, other.id, other.has(file('x'))]).toEqual([false, 'second', false])
  })

  it.each(['', 'no journal', '{"version":2}\n', '[]\n', 'null\n'])('begins anew over %j', async (text) => {
    const path = join(folder, `${crypto.randomUUID()}.json`)
    writeFileSync(path, text)
    expect((await openState(path, PARAMETERS, START)).isResumed).toBe(false)
  })

  it('passes over a line that was cut off', async () => {
    const path = newPath()
    await (await openState(path, PARAMETERS, START)).add([file('x')])
    appendFileSync(path, '{"done":"a events/source=shop/y')
    const next = await openState(path, PARAMETERS, LATER)
    expect([next.has(file('x')), next.has(file('y'))]).toEqual([true, false])
    await next.add([file('z')])
    expect((await openState(path, PARAMETERS, LATER)).has(file('z'))).toBe(true)
  })
})

it('the default place names the source, and is another one for other parameters', () => {
  const path = defaultStatePath('shop', PARAMETERS)
  expect(path).toMatch(/^\.millrace\/replay-shop-[0-9a-f]{12}\.json$/)
  expect(defaultStatePath('shop', { ...PARAMETERS, from: '' })).not.toBe(path)
})
