import { describe, expect, it } from 'vitest'
import { defineConfig, type MillraceConfig } from './config.ts'
import { resolveHeartbeat } from './heartbeat.ts'

const load = (more: object) => defineConfig({ sources: [], ...more } as MillraceConfig)

describe('heartbeat settings', () => {
  it('have defaults, and may be switched off', () => {
    expect(resolveHeartbeat(undefined)).toEqual({
      objectives: { answered: 1_000, live: 2_000, warehouse: 10_000, lake: 900_000 },
      url: undefined,
    })
    expect(resolveHeartbeat(false)).toBe(undefined)
  })

  it('are read as durations, each by itself', () => {
    const config = { objectives: { live: '5s', lake: '1h' }, url: 'https://collect.example.com' }
    expect(load({ heartbeat: config })).toBeDefined()
    expect(resolveHeartbeat(config)).toEqual({
      objectives: { answered: 1_000, live: 5_000, warehouse: 10_000, lake: 3_600_000 },
      url: 'https://collect.example.com',
    })
  })

  it.each([
    [true, 'heartbeat must be false or an object, got true'],
    [{ objective: {} }, 'heartbeat.objective is not a field of heartbeat; it has objectives, url'],
    [{ objectives: { lak: '1m' } }, 'heartbeat.objectives.lak is not a field of heartbeat.objectives'],
    [{ objectives: { lake: 15 } }, 'heartbeat.objectives.lake must be a duration up to 24h'],
    [{ objectives: { lake: '25h' } }, 'heartbeat.objectives.lake must be a duration up to 24h'],
    [{ url: 'collect.example.com' }, 'heartbeat.url must be an address that begins with https://'],
    [{ url: 'http://collect.example.com' }, 'heartbeat.url must be an address'],
    [{ url: 'https://me:secret@collect.example.com' }, 'heartbeat.url must be an address'],
  ])('refuse %j', (heartbeat, message) => {
    expect(() => load({ heartbeat })).toThrow(message)
  })

  it('are taken for a Worker on this machine by plain http', () => {
    expect(load({ heartbeat: { url: 'http://127.0.0.1:8787' } })).toBeDefined()
  })

  it('keep its name and the look of its key to themselves', () => {
    const source = (name: string, key: string) => ({ sources: [{ name, writeKeys: [key] }] })
    expect(() => load(source('heartbeat', 'wk'))).toThrow(
      'sources[0].name must not be "heartbeat", the source of Millrace\'s own heartbeat',
    )
    expect(() => load(source('shop', `hb_${'0'.repeat(64)}`))).toThrow(
      'sources[0].writeKeys must not hold keys that look like that of the heartbeat',
    )
    expect(load(source('shop', 'hb_shop'))).toBeDefined()
  })
})

describe('settings of logs and metrics', () => {
  it.each([
    [{ logs: { sampleRate: 2 } }, 'logs.sampleRate must be a number from 0 to 1, got 2'],
    [{ logs: { sampleRate: '1' } }, 'logs.sampleRate must be a number from 0 to 1, got "1"'],
    [{ logs: { rate: 1 } }, 'logs.rate is not a field of logs; it has sampleRate'],
    [{ metrics: { tokenVar: 'secret' } }, 'metrics.tokenVar must be the name of a Worker secret'],
    [{ metrics: { token: 'x' } }, 'metrics.token is not a field of metrics; it has tokenVar'],
  ])('refuse %j', (more, message) => {
    expect(() => load(more)).toThrow(message)
  })

  it('are taken where they make sense', () => {
    expect(load({ logs: { sampleRate: 0 }, metrics: { tokenVar: 'PROM_TOKEN' } })).toBeDefined()
  })
})
