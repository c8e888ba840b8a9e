import { expect, it } from 'vitest'
import { NOW, tailEvent } from './fixtures.ts'
import { inspect, originOf, tellStatus, toJson } from './inspect.ts'
import { nameReason } from './reasons.ts'

it('fields are laid out by who said them', () => {
  const event = tailEvent('m1', {
    row: {
      source: 'shop',
      user_id: 'u1',
      country: 'DE',
      continent: 'EU',
      properties: { price: 12, products: [{ id: 'a' }], empty: {} },
      lookups: { product: { brand: 'Mill' } },
    },
  })
  const groups = new Map(
    inspect(event).map(({ title, fields }) => [title, fields.map(({ name, value }) => `${name}=${value}`)]),
  )
  expect(groups.get('Properties')).toEqual(['price=12', 'products.0.id=a', 'empty={}'])
  expect(groups.get('Sent by the client')).toEqual(['user_id=u1'])
  expect(groups.get('Added at the edge')).toEqual(['continent=EU', 'lookups.product.brand=Mill'])
  expect(groups.get('From the client, else from the edge')).toEqual(['country=DE'])
  expect(groups.get('Receipt')).toContain('on its way for=600 ms')
  expect(groups.has('Traits')).toBe(false)
})

it('receipt of a refused event says why and where, and not what is not known', () => {
  const refused = tailEvent('m1', {
    status: 'quarantined',
    ...{ reason: 'missing_field', path: 'event', message: 'must be there', index: 0, timestamp: 0 },
  })
  const [receipt] = inspect(refused)
  const names = receipt?.fields.map(({ name }) => name)
  expect(names).toEqual([
    'status',
    'reason',
    'path',
    'message',
    'message id',
    'batch id',
    'place in the batch',
    'received at',
  ])
  expect(JSON.parse(toJson(refused))).toEqual(JSON.parse(JSON.stringify(refused)))
  expect(refused.receivedAt).toBe(NOW - 400)
})

it.each([
  ['accepted', undefined, 'Accepted and counted'],
  ['quarantined', 'bot', 'Refused, kept in quarantine: a bot sent it'],
  ['filtered', '', 'Left out'],
  ['duplicate', undefined, 'A copy of one that was counted already'],
] as const)('status %s with reason %s in words', (status, reason, words) => {
  expect(tellStatus(tailEvent('m', reason === undefined ? { status } : { status, reason }))).toBe(words)
})

it('column has an origin', () => {
  expect([originOf('continent'), originOf('country'), originOf('user_id')]).toEqual([
    'edge',
    'either',
    'client',
  ])
})

it('reason that is not known keeps its own words', () => {
  expect([nameReason('bot'), nameReason('some_new_one'), nameReason('constructor')]).toEqual([
    'A bot sent it',
    'some new one',
    'constructor',
  ])
})
