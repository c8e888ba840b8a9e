import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { expect, it, onTestFinished } from 'vitest'
import { DOOR, withDoor } from './door.ts'

/** A Worker that answers when it is let to, behind a door; a second one knocks at its entrypoint. */
async function start(contents: string) {
  const knock = `export default { fetch: (request, env) => env.DOOR.fetch(request) }`
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      workers: [
        {
          name: 'guarded',
          compatibilityDate: '2026-10-20',
          modules: withDoor({ type: 'ESModule', path: 'worker.js', contents }),
        },
        {
          name: 'knock',
          compatibilityDate: '2026-10-20',
          serviceBindings: { DOOR: { name: 'guarded', entrypoint: DOOR } },
          modules: [{ type: 'ESModule', path: 'knock.js', contents: knock }],
        },
      ],
    }),
  )
  onTestFinished(() => miniflare.dispose())
  const { origin } = await miniflare.ready
  const door = await miniflare.getWorker('knock')
  return {
    ask: (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, init),
    knock: async (method: string) => (await door.fetch('http://knock/', { method })).text(),
  }
}

const SLOW = `export default {
  fetch: async (request) => {
    await scheduler.wait(Number(new URL(request.url).searchParams.get('ms')))
    return new Response('taken')
  },
}`

it('stays open until it is asked, counts what is in hand, and lets that end', async () => {
  const { ask, knock } = await start(SLOW)
  expect(await (await ask('/')).text()).toBe('taken')
  const slow = ask('/?ms=700')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect([await knock('GET'), await knock('POST')]).toEqual(['1', '1'])
  expect((await ask('/')).status).toBe(503)
  expect(await (await slow).text()).toBe('taken')
  expect(await knock('GET')).toBe('0')
})

it('tells a page when to come again', async () => {
  const { ask, knock } = await start(SLOW)
  await knock('POST')
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

it('leaves a Worker that is a class as it is, and an error to its caller', async () => {
  const { ask } = await start(`
    import { WorkerEntrypoint } from 'cloudflare:workers'
    export class Other extends WorkerEntrypoint {}
    export default class extends WorkerEntrypoint { fetch() { return new Response('a class') } }`)
  expect(await (await ask('/')).text()).toBe('a class')
  const { ask: fail, knock } = await start(`export default { fetch() { throw new Error('no') } }`)
  expect((await fail('/')).status).toBe(500)
  expect(await knock('GET')).toBe('0')
})
