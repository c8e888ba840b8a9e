import { describe, expect, it } from 'vitest'
import { createArrivalReader, type PageInput } from './arrival.ts'
import { createReferrerReader } from './referrer.ts'

const PAGE: PageInput = { pageUrl: 'https://shop.example/', search: '', referrer: '', campaign: undefined }
const readReferrer = createReferrerReader([])

describe('createArrivalReader', () => {
  it('classes the referrer by the campaign of the page', () => {
    const read = createArrivalReader({ hasCampaign: true, readReferrer })
    const page = { ...PAGE, search: '?utm_source=google&utm_medium=cpc', referrer: 'https://google.com/' }
    const arrival = {
      campaign: { source: 'google', medium: 'cpc' },
      referrer: { class: 'paid', name: 'Google' },
    }
    expect([read(page), read(page)]).toEqual([arrival, arrival])
  })

  it.each<[string, Partial<PageInput>]>([
    ['page', { pageUrl: 'https://shop.example/?utm_source=b' }],
    ['query', { search: '?utm_source=b' }],
    ['campaign', { campaign: { source: 'b' } }],
    ['referrer', { referrer: 'https://other.example/' }],
  ])('tells arrivals apart by their %s', (_what, change) => {
    const read = createArrivalReader({ hasCampaign: true, readReferrer })
    const before = read(PAGE)
    expect(read({ ...PAGE, ...change })).not.toEqual(before)
    expect(read(PAGE)).toEqual(before)
  })

  it('reads each arrival once while it is remembered, and long ones each time', () => {
    let calls = 0
    const read = createArrivalReader({
      hasCampaign: false,
      readReferrer: () => {
        calls++
        return { class: 'direct' }
      },
      maxEntries: 1,
    })
    const other = { ...PAGE, pageUrl: 'https://other.example/' }
    for (const page of [PAGE, PAGE, other, PAGE]) read(page)
    expect(calls).toBe(3)
    const long = { ...PAGE, search: 'x'.repeat(2_000) }
    for (const page of [long, long]) read(page)
    expect(calls).toBe(5)
  })

  it('gives what is shared between events frozen', () => {
    const arrival = createArrivalReader({ hasCampaign: true, readReferrer })({ ...PAGE, search: '?utm_id=1' })
    expect([arrival, arrival.campaign, arrival.referrer].every(Object.isFrozen)).toBe(true)
  })

  it('knows no referrer without a page, and none where the source wants none', () => {
    expect(createArrivalReader({ hasCampaign: true, readReferrer })({ ...PAGE, pageUrl: '' })).toEqual({})
    const read = createArrivalReader({ hasCampaign: false, readReferrer: undefined })
    expect(read({ ...PAGE, search: '?utm_source=a' })).toEqual({})
  })
})
