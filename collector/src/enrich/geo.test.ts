import { describe, expect, it } from 'vitest'
import { readGeo } from './geo.ts'

const BERLIN = {
  country: 'DE',
  region: 'Land Berlin',
  regionCode: 'BE',
  city: 'Berlin',
  continent: 'EU',
  timezone: 'Europe/Berlin',
  asn: 3320,
  asOrganization: 'Deutsche Telekom AG',
  latitude: '52.52',
  colo: 'TXL',
}

describe('readGeo', () => {
  it('reads place and network and leaves out the rest', () => {
    expect(readGeo(BERLIN)).toEqual({
      country: 'DE',
      region: 'Land Berlin',
      city: 'Berlin',
      continent: 'EU',
      timeZone: 'Europe/Berlin',
      asn: 3320,
      asOrganization: 'Deutsche Telekom AG',
    })
  })

  it('keeps the code of Tor and leaves out the code for unknown', () => {
    expect(readGeo({ country: 'T1', continent: 'T1', asn: 1 })).toEqual({ country: 'T1', asn: 1 })
    expect(readGeo({ country: 'XX', asn: 1 })).toEqual({ asn: 1 })
  })

  it.each([
    ['country', ['de', 'DEU', '', 'D1', 49, null, ['DE']]],
    ['region', ['', 5, {}]],
    ['city', ['', true, ['Berlin']]],
    ['continent', ['EUR', 'eu', 'XX', 1]],
    ['timezone', ['', 60, null]],
    ['asn', ['3320', 0, -1, 1.5, Number.NaN, 2 ** 32, null]],
    ['asOrganization', ['', 5, {}]],
  ])('leaves out a %s of the wrong kind and keeps the rest', (name, values) => {
    const { [name as keyof typeof BERLIN]: _, ...rest } = BERLIN
    for (const value of values) expect(readGeo({ ...BERLIN, [name]: value })).toEqual(readGeo(rest))
  })

  it('cuts long text', () => {
    expect(readGeo({ city: 'x'.repeat(500) })).toEqual({ city: 'x'.repeat(128) })
  })

  it.each([undefined, null, {}, [[]], 'DE', 5, { country: 'XX' }, { colo: 'TXL' }])(
    'gives nothing for %j',
    (cf) => {
      expect(readGeo(cf)).toBeUndefined()
    },
  )
})
