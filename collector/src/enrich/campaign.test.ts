import { describe, expect, it } from 'vitest'
import { readCampaign } from './campaign.ts'
import { CLICK_IDS } from './click-ids.ts'

const PAGE = 'https://shop.example/sale'
const NOTHING = { pageUrl: '', search: '', context: undefined }

describe('readCampaign', () => {
  it('reads all parameters of the page', () => {
    const query =
      '?utm_source=google&utm_medium=cpc&utm_campaign=spring&utm_term=shoes&utm_content=a&utm_id=7&gclid=Cj0'
    const facts = {
      source: 'google',
      medium: 'cpc',
      name: 'spring',
      term: 'shoes',
      content: 'a',
      id: '7',
      clickIdType: 'gclid',
      clickId: 'Cj0',
    }
    expect(readCampaign({ ...NOTHING, pageUrl: `${PAGE}${query}#top` })).toEqual(facts)
    expect(readCampaign({ ...NOTHING, pageUrl: PAGE, search: query })).toEqual(facts)
    expect(readCampaign({ ...NOTHING, search: query.slice(1) })).toEqual(facts)
  })

  it.each(CLICK_IDS.map(({ type }) => type))('reads the click id %s', (type) => {
    expect(readCampaign({ ...NOTHING, search: `?x=1&${type}=abc` })).toEqual({
      clickIdType: type,
      clickId: 'abc',
    })
  })

  it.each([
    ['?UTM_Source=a', { source: 'a' }],
    ['?sccid=abc', { clickIdType: 'ScCid', clickId: 'abc' }],
    ['?utm_source=caf%C3%A9+bar', { source: 'café bar' }],
    ['?utm_source=%E0%A4%A&utm_medium=100%', { source: '\ufffd%A', medium: '100%' }],
    ['?utm_source=&utm_source=a&utm_source=b', { source: 'a' }],
    ['?fbclid=f&gclid=g', { clickIdType: 'gclid', clickId: 'g' }],
    ['?gclid=&fbclid=f', { clickIdType: 'fbclid', clickId: 'f' }],
    ['?gclid=1&gclid=2', { clickIdType: 'gclid', clickId: '1' }],
    [`?utm_term=${'x'.repeat(600)}`, { term: 'x'.repeat(512) }],
  ])('reads %s', (search, facts) => {
    expect(readCampaign({ ...NOTHING, search })).toEqual(facts)
  })

  it.each([
    '?mc_eid=abc',
    '?utm_=a&utm_foo=b',
    '?notgclid=abc',
    '?q=utm_source%3Da',
    '?utm_source=',
    '?',
    '&&&==&=utm_',
    '?__proto__=utm_source',
  ])('finds nothing in %s', (search) => {
    expect(readCampaign({ ...NOTHING, search })).toBeUndefined()
  })

  it.each([`${PAGE}#?utm_source=a`, `${PAGE}/utm_source=a`, 'utm_source', ''])(
    'finds nothing in the page %j',
    (pageUrl) => {
      expect(readCampaign({ ...NOTHING, pageUrl })).toBeUndefined()
    },
  )

  it('takes what context.campaign says before the page, field by field', () => {
    const context = { name: 'summer', source: 'Newsletter', id: 12 }
    const search = '?utm_campaign=spring&utm_medium=email&gclid=g'
    expect(readCampaign({ ...NOTHING, search, context })).toEqual({
      name: 'summer',
      source: 'Newsletter',
      medium: 'email',
      id: '12',
      clickIdType: 'gclid',
      clickId: 'g',
    })
    expect(readCampaign({ ...NOTHING, context })).toEqual({ name: 'summer', source: 'Newsletter', id: '12' })
  })

  it.each([
    null,
    'campaign',
    [[]],
    {},
    [[{ name: 'spring' }]],
    { campaign: { name: 'spring' } },
    { name: '', source: null, medium: {}, term: ['a'], content: true, clickId: 'x' },
  ])('finds nothing in the context %j', (context) => {
    expect(readCampaign({ ...NOTHING, context })).toBeUndefined()
  })

  it('replaces lone surrogates and cuts long text of the context', () => {
    const context = { name: '\ud800', term: 'x'.repeat(600) }
    expect(readCampaign({ ...NOTHING, context })).toEqual({ name: '\ufffd', term: 'x'.repeat(512) })
  })
})
