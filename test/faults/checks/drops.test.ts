/** The check of declared drops sees what does not agree, and the listener what a request says. */

import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { listenForDrops } from '../clients/declared.ts'
import type { FullWorld } from '../world/create-world.ts'
import type { Client } from '../world/world.ts'
import { checkDrops } from './drops.ts'

const RECEIPT = { source: 'shop', stream: 'a', seq_from: [1], seq_to: [4] }

function check(drops: { ids: string[]; counts: number[] }, sent: [string, number][]): string[] {
  const row = {
    ...RECEIPT,
    ...{ drop_ids: drops.ids, drop_reasons: drops.ids.map(() => 'expired'), drop_counts: drops.counts },
  }
  const world = { clickHouse: { rows: () => [row, row] } } as unknown as FullWorld
  const declared = () => ({ sent: new Map(sent), acknowledged: new Set(sent.map(([key]) => key)) })
  return checkDrops(world, [{ name: 'c', source: 'shop', declared } as unknown as Client])
}

it.each<[string, { ids: string[]; counts: number[] }, [string, number][], number]>([
  ['what was said is there, in two copies', { ids: ['a-2'], counts: [7] }, [['a-2 expired', 7]], 0],
  ['what was said is not there', { ids: [], counts: [] }, [['a-2 expired', 7]], 1],
  ['another count', { ids: ['a-2'], counts: [6] }, [['a-2 expired', 7]], 2],
  ['one that nobody said', { ids: ['a-2', 'a-3'], counts: [7, 1] }, [['a-2 expired', 7]], 1],
  ['an event that has no receipt', { ids: [], counts: [] }, [['a-9 expired', 7]], 0],
])('%s', (_, drops, sent, problems) => {
  expect(check(drops, sent)).toHaveLength(problems)
})

it('drops are read off the wire, compressed or not, and count as acknowledged once they are', async () => {
  const { drops, listen } = listenForDrops()
  const text = (firstSeq: number) =>
    JSON.stringify({ stream: 'a', firstSeq, batch: [{}, { context: { dropped: { expired: 2 } } }] })
  let ok = false
  const send = listen(() => async () => new Response('', { status: ok ? 200 : 503 }))({} as never, '')
  await send('https://x', { method: 'POST', body: text(1) })
  ok = true
  await send('https://x', { method: 'POST', body: gzipSync(text(5)) })
  expect([...drops.sent]).toEqual([
    ['a-2 expired', 2],
    ['a-6 expired', 2],
  ])
  expect([...drops.acknowledged]).toEqual(['a-6 expired'])
})
