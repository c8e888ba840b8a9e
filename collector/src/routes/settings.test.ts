import { describe, expect, it } from 'vitest'
import { buildRudderSourceConfig, buildSegmentSettings } from './settings.ts'

describe('settings for analytics.js', () => {
  it.each([
    ['https://events.example', 'events.example/v1', 'https'],
    ['http://127.0.0.1:8787', '127.0.0.1:8787/v1', 'http'],
    ['https://events.example:8443/', 'events.example:8443/v1', 'https'],
    ['http://[::1]:8787', '[::1]:8787/v1', 'http'],
  ])('of %s send events to %s by %s', (origin, apiHost, protocol) => {
    expect(buildSegmentSettings({ writeKey: 'wk', origin })['integrations']).toMatchObject({
      'Segment.io': { apiKey: 'wk', apiHost, protocol },
    })
  })

  it('name no other integration, plugin or middleware, so that nothing is loaded from elsewhere', () => {
    const settings = buildSegmentSettings({ writeKey: 'wk', origin: 'https://events.example' })
    expect(Object.keys(settings['integrations'] ?? {})).toEqual(['Segment.io'])
    expect(settings).toMatchObject({
      remotePlugins: [],
      enabledMiddleware: {},
      middlewareSettings: {},
      legacyVideoPluginsEnabled: false,
      edgeFunction: {},
    })
    expect(JSON.stringify(settings)).not.toContain('segment.com')
  })

  it('ask for no performance counters', () => {
    const settings = buildSegmentSettings({ writeKey: 'wk', origin: 'https://events.example' })
    expect(settings['metrics']).toEqual({ sampleRate: 0 })
  })

  it('throw for an origin that is no URL', () => {
    expect(() => buildSegmentSettings({ writeKey: 'wk', origin: 'events.example' })).toThrow(TypeError)
  })
})

describe('source configuration for RudderStack', () => {
  const config = buildRudderSourceConfig({
    writeKey: 'wk',
    origin: 'https://events.example',
    sourceName: 'shop',
  })

  it('has what the SDK refuses to start without: an id, a config object and a list of destinations', () => {
    expect(config['source']).toMatchObject({ id: 'shop', name: 'shop', enabled: true, writeKey: 'wk' })
    expect(config['source']).toMatchObject({ destinations: [], config: expect.any(Object) })
  })

  it('turns off reports to other hosts', () => {
    expect(config['source']).toMatchObject({
      config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
    })
    expect(JSON.stringify(config)).not.toContain('rudder')
  })

  it.each(['US', 'EU'])('names the collector as the default data plane of %s', (region) => {
    expect(config['source']).toMatchObject({
      dataplanes: { [region]: [{ url: 'https://events.example', default: true }] },
    })
  })
})
