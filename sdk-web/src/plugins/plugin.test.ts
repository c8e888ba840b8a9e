import { describe, expect, test } from 'vitest'
import type { Millrace } from '../api.ts'
import { autocapture } from './autocapture.ts'
import { followOneTrust, followTcf, rememberConsent } from './consent.ts'
import { debug } from './debug.ts'
import { engagement } from './engagement.ts'
import { errors } from './errors.ts'
import { createFakeClient, createFakePage } from './fakes.ts'
import { linker } from './linker.ts'
import { install, type PluginClient, type Stop } from './plugin.ts'
import { vitals } from './vitals.ts'

const PLUGINS: [name: string, start: (client: PluginClient) => Stop][] = [
  ['autocapture', autocapture],
  ['vitals', vitals],
  ['engagement', engagement],
  ['errors', errors],
  ['debug', debug],
  ['linker', (client) => linker(client, { domains: ['shop.example'] })],
  ['followTcf', (client) => followTcf(client, { purposes: { analytics: [1] } })],
  ['followOneTrust', (client) => followOneTrust(client, { purposes: { analytics: 'C0002' } })],
  ['rememberConsent', rememberConsent],
]

describe('every plugin', () => {
  test.each(PLUGINS)('does nothing on a server: %s', (_, start) => {
    const { client, tracked, consents } = createFakeClient()
    expect(() => start(client)()).not.toThrow()
    expect([tracked, consents]).toEqual([[], []])
  })

  test('takes clients of any tracking plan', () => {
    const take = (client: PluginClient) => client
    const check = (free: Millrace, planned: Millrace<{ track: { Bought: { price: number } } }>) => [
      take(free),
      take(planned),
    ]
    expect(check).toBeTypeOf('function')
  })

  test('throws nothing where the browser lacks something, and takes back what it had begun', () => {
    const { window } = createFakePage({})
    let signal: AbortSignal | undefined
    const start = () =>
      install(window, (_page, given) => {
        signal = given
        throw new TypeError('adoptedStyleSheets')
      })
    expect(start).not.toThrow()
    expect(signal?.aborted).toBe(true)
  })
})
