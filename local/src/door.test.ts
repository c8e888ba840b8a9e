import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { expect, it, onTestFinished } from 'vitest'
import { DOOR, type DoorState, withDoor } from './door.ts'

/** Asks the entrypoints of the other, which nobody outside can. */
const KNOCK = `export default {
  fetch: (request, env) => (request.url.endsWith('/key') ? env.KEY : env.DOOR).fetch(request),
}`

/** A Worker behind a door, and a second one that knocks at its entrypoint. */
async function start(contents: string) {
  const compatibilityDate = '2026-10-20'
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: '127.0.0.1', port: 0, cf: false },
      workers: [
        {
          ...{ name: 'guarded', compatibilityDate },
          modules: withDoor({ type: 'ESModule', path: 'worker.js', contents }),
        },
        {
          ...{ name: 'knock', compatibilityDate },
          serviceBindings: {
            DOOR: { name: 'guarded', entrypoint: DOOR },
            KEY: { name: 'guarded', entrypoint: 'Key' },
          },
          modules: [{ type: 'ESModule', path: 'knock.js', contents: KNOCK }],
        },
      ],
    }),
  )
  onTestFinished(() => miniflare.dispose())
  const { origin } = await miniflare.ready
  const knock = await miniflare.getWorker('knock')
  return {
    ask: (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, init),
    close: async () => (await (await knock.fetch('http://knock/')).json()) as DoorState,
    unlock: async () => void (await (await knock.fetch('http://knock/key')).text()),
  }
}

/** What begins goes on until the key is turned; another request says whether anything has begun. */
const HELD = `
let hasBegun = false
let isTurned = false
export const Key = { fetch() { isTurned = true; return new Response() } }
export default {
  async fetch(request) {
    if (!request.url.endsWith('/begin')) return new Response(hasBegun ? 'begun' : 'idle')
    hasBegun = true
    while (!isTurned) await scheduler.wait(10)
    return new Response('late')
  },
}`

it('stays open until it is asked, counts what is in hand, and lets that end', async () => {
  const { ask, close, unlock } = await start(HELD)
  const held = ask('/begin')
  while ((await (await ask('/')).text()) !== 'begun');
  const { inHand, ended } = await close()
  expect(inHand).toBe(1)
  expect((await ask('/')).status).toBe(503)
  await unlock()
  expect(await (await held).text()).toBe('late')
  expect(await close()).toEqual({ inHand: 0, ended: ended + 1 })
})

it('tells a page when to come again', async () => {
  const { ask, close } = await start(HELD)
  await close()
  const refused = await ask('/v1/batch', { method: 'POST', headers: { origin: 'https://shop.example' } })
  expect([refused.status, Object.fromEntries(refused.headers), await refused.json()]).toMatchObject([
    503,
    {
      'retry-after': '3',
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After',
    },
    { success: false, code: 'temporarily_unavailable' },
  ])
})

it.each([
  [
    'a class of the platform',
    "export default class extends WorkerEntrypoint { fetch() { return new Response('own') } }",
  ],
  [
    'an instance',
    "class Own { fetch() { return this.answer() } answer() { return new Response('own') } }\nexport default new Own()",
  ],
])('leaves %s as it is', async (_, code) => {
  const { ask } = await start(
    `import { WorkerEntrypoint } from 'cloudflare:workers'\nexport const Key = {}\n${code}`,
  )
  expect(await (await ask('/')).text()).toBe('own')
})

it('leaves an error to its caller', async () => {
  const { ask, close } = await start(
    `export const Key = {}\nexport default { fetch() { throw new Error('no') } }`,
  )
  expect((await ask('/')).status).toBe(500)
  expect(await close()).toEqual({ inHand: 0, ended: 1 })
})
