import { expect, it } from 'vitest'
import { tailEvent } from './fixtures.ts'
import { chooseEvents, countStatuses, describeEvent, nameEvent } from './stream-list.ts'

it('list has the events of the chosen statuses, latest first', () => {
  const events = [tailEvent('m1'), tailEvent('m2', { status: 'filtered' }), tailEvent('m3')]
  const chosen = chooseEvents(events, { filters: [], statuses: ['accepted'] })
  expect(chosen.map(({ messageId }) => messageId)).toEqual(['m3', 'm1'])
  expect(countStatuses(events)).toEqual({ accepted: 2, quarantined: 0, filtered: 1, duplicate: 0 })
})

it('line says what matters', () => {
  const row = { page_path: '/a', country: 'DE', user_id: 'u1' }
  expect(describeEvent(tailEvent('m', { row }))).toBe('/a · DE · u1')
  const refused = tailEvent('m', { status: 'quarantined', reason: 'invalid_field', path: 'userId' })
  expect(describeEvent(refused)).toBe('A field has a value of the wrong kind: userId')
  expect([
    nameEvent(tailEvent('m', { event: '' })),
    nameEvent(tailEvent('m', { event: '', type: '' })),
  ]).toEqual(['track', '(no name)'])
})
