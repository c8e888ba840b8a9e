import { TAIL_STATUSES } from '@millrace/schemas/live'
import { expect, it } from 'vitest'
import { change, HEALTH, NOW, stateOf, tailEvent } from './fixtures.ts'
import { applyMessage, type LiveState } from './state.ts'
import {
  chooseEvents,
  countStatuses,
  describeEvent,
  holdList,
  nameEvent,
  tellNone,
  tellTally,
} from './stream-list.ts'

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

it('list is held as it was, and what passes meanwhile is counted, however much it is', () => {
  const state = stateOf({ events: [tailEvent('1')] })
  const held = holdList(undefined, 'reading', state)
  const many = Array.from({ length: 1_200 }, (_, index) => tailEvent(`e${index}`))
  const later = applyMessage(state, change({ events: many }), NOW) as LiveState
  const still = holdList(held, 'paused', later)
  expect(still?.events.map(({ messageId }) => messageId)).toEqual(['1'])
  expect(tellTally(state, held, false)).toBe('Held while you read.')
  expect(tellTally(later, still, false)).toBe('Paused. 1,200 newer events.')
  expect(holdList(still, undefined, later)).toBeUndefined()
  expect(holdList(undefined, 'reading', stateOf())).toBeUndefined()
})

it('tally says what is not in the list', () => {
  expect(tellTally({ passed: 9, missed: 0 }, undefined, false)).toBe('')
  expect(tellTally({ passed: 9, missed: 3 }, undefined, false)).toContain('3 events passed too quickly')
  expect(tellTally({ passed: 9, missed: 0 }, undefined, true)).toContain('every 2 s')
})

it('list without lines says why', () => {
  const tail = { filters: [], statuses: [...TAIL_STATUSES] }
  const busy = { health: { ...HEALTH, receivedAt: NOW } }
  expect(tellNone(stateOf(), tail)).toBe('No event yet.')
  expect(tellNone(stateOf(busy), tail)).toContain('none of the last events')
  expect(tellNone(stateOf(busy), { ...tail, filters: ['country:is:DE'] })).toContain('conditions')
  expect(tellNone(stateOf({ events: [tailEvent('1')] }), { ...tail, statuses: [] })).toContain('conditions')
})
