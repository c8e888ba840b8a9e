import { describe, expect, it } from 'vitest'
import { listAddresses } from './addresses.ts'

describe('listAddresses', () => {
  it('takes an own domain first, then a route, then workers.dev, of what wrangler prints', () => {
    const targets = [
      'shop.name.workers.dev',
      'schedule: * * * * *',
      'shop.example/* (zone name: shop.example)',
      'collect.shop.example (custom domain)',
      'Producer for shop-events',
      'Consumer for shop-events',
    ]
    expect(listAddresses(targets, {})).toEqual([
      'https://collect.shop.example',
      'https://shop.example',
      'https://shop.name.workers.dev',
    ])
  })

  it('goes by wrangler.toml where wrangler named none, and not by a route that is a part of a site', () => {
    const routes = ['shop.example/collect/*', { pattern: 'events.shop.example', custom_domain: true }]
    expect(listAddresses([], { routes })).toEqual(['https://events.shop.example'])
    expect(listAddresses([], {})).toEqual([])
  })

  it('keeps the scheme and port of an address that is whole', () => {
    expect(listAddresses(['http://127.0.0.1:8787'], {})).toEqual(['http://127.0.0.1:8787'])
  })
})
