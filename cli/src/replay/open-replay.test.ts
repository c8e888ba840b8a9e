import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { CommandWorld } from '../command-world.ts'
import { openReplay } from './open-replay.ts'
import type { ReplayFlags } from './options.ts'

/** The tokens that a replay of the source `shop` asks for its lake with. */
async function tokensOf(endpoint: string, env: Record<string, string> = {}): Promise<(string | null)[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-open-replay-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, '.dev.vars'), 'OUR_TOKEN=made-token\n')
  const config = join(folder, 'millrace.config.mjs')
  await writeFile(config, `export default { sources: [{ name: 'shop', readTokenVar: 'OUR_TOKEN' }] }`)
  const tokens: (string | null)[] = []
  const fetch = async (_: string, init: RequestInit) => {
    tokens.push(new Headers(init.headers).get('authorization'))
    return new Response('{}', { status: 401 })
  }
  const world = { env, fetch } as unknown as CommandWorld
  const flags = { config, endpoint, source: ['shop'] } as unknown as ReplayFlags
  await openReplay(world, flags, new AbortController().signal, {}).catch(() => {}) // It is refused.
  return tokens
}

it('finds the read token of a collector on this machine beside the configuration, where the environment has none', async () => {
  expect(await tokensOf('http://127.0.0.1:8787')).toEqual(['Bearer made-token'])
  expect(await tokensOf('http://127.0.0.1:8787', { OUR_TOKEN: 'set' })).toEqual(['Bearer set'])
})

it('gives it to nobody elsewhere', async () => {
  expect(await tokensOf('https://events.example.com')).toEqual([])
})
