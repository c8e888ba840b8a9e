import { describe, expect, it } from 'vitest'
import { chooseDoor, type Doors, sendBeat } from './send.ts'

const T = Date.UTC(2026, 10, 22, 9, 30)
const KEY = `hb_${'a'.repeat(64)}`

function start(answer: (request: Request) => Promise<Response>, doors: Doors = {}) {
  let now = T
  const logged: Record<string, unknown>[] = []
  const requests: Request[] = []
  const take = (request: Request) => {
    requests.push(request)
    now += 30
    return answer(request)
  }
  const front = chooseDoor({ inside: take, ...doors })
  if (front === undefined) throw new Error('no door')
  const send = () => sendBeat({ front, key: KEY, now: () => now, log: (record) => void logged.push(record) })
  return { send, requests, logged }
}
const ok = async () => Response.json({ success: true })

describe('the way in', () => {
  it('is the address, else the binding, else the handler itself', () => {
    const self = { fetch: ok }
    const url = 'https://collect.example.com/'
    expect(chooseDoor({ url, fetch: ok, self, inside: ok })).toMatchObject({
      door: 'url',
      address: 'https://collect.example.com',
    })
    expect(chooseDoor({ self, inside: ok })?.door).toBe('self')
    expect(chooseDoor({ inside: ok })?.door).toBe('inside')
    expect(chooseDoor({})).toBe(undefined)
  })
})

describe('a beat that is sent', () => {
  it('is a request as a client sends it, with the time at which it was sent', async () => {
    const { send, requests, logged } = start(ok)
    const beat = await send()
    expect(beat).toEqual({
      ...{ id: `beat-${T}`, sentAt: T, door: 'inside' },
      times: { answered: 30, live: null, warehouse: null, lake: null },
    })
    const [request] = requests
    expect(request?.method).toBe('POST')
    expect(new URL(request?.url ?? '').pathname).toBe('/v1/batch')
    expect(request?.headers.get('authorization')).toBe(`Bearer ${KEY}`)
    const time = '2026-11-22T09:30:00.000Z'
    expect(await request?.json()).toEqual({
      ...{ batchId: `beat-${T}`, sentAt: time },
      batch: [
        {
          ...{ type: 'track', event: 'Heartbeat', messageId: `beat-${T}`, originalTimestamp: time },
          anonymousId: 'heartbeat-2026-11-22T09',
        },
      ],
    })
    expect(logged).toEqual([])
  })

  it.each([
    ['refused', async () => Response.json({ success: false, code: 'unknown_write_key' }, { status: 401 })],
    ['quarantined', async () => Response.json({ success: true, receipts: [{ status: 'quarantined' }] })],
  ])('and %s has no time of an answer, which is told without its key', async (_, answer) => {
    const { send, logged } = start(answer)
    expect((await send()).times.answered).toBe(null)
    expect(logged).toMatchObject([{ level: 'error', event: 'heartbeat_refused' }])
    expect(JSON.stringify(logged)).not.toContain(KEY)
  })

  it.each([
    ['nobody answers', () => Promise.reject(new Error('connection lost'))],
    ['the answer is no JSON', async () => new Response('<html>')],
  ])('does not reject when %s', async (_, answer) => {
    const { send, logged } = start(answer)
    expect((await send()).times.answered).toBe(null)
    expect(logged).toMatchObject([{ event: 'heartbeat_unanswered' }])
  })
})
