import { expect, it } from 'vitest'
import { recompute } from './recompute.ts'

const TIME = '2026-11-22 10:00:00.000'

/** What ClickHouse would answer. */
interface Answers {
  isAnyNew?: boolean
  hasCorrections?: boolean
  /** Kinds of work that there are. */
  kinds?: readonly string[]
}

/** Tables that a run writes and dictionaries that it reloads, in order. */
async function touchedBy({
  isAnyNew = false,
  hasCorrections = false,
  kinds = [],
}: Answers): Promise<string[]> {
  const touched: string[] = []
  const answer = (sql: string): object[] => {
    if (sql.includes(' AS now')) return [{ now: TIME, done: TIME, since: TIME }]
    if (sql.includes('DISTINCT kind')) return kinds.map((kind) => ({ kind }))
    if (sql.includes('SELECT 1 FROM events')) return isAnyNew ? [{ one: 1 }] : []
    if (sql.includes('FROM corrections LIMIT')) return hasCorrections ? [{ one: 1 }] : []
    return sql.includes(' AS stale') ? [{ stale: '0' }] : []
  }
  await recompute(
    {
      run: async (sql) => void touched.push(/(?:INSERT INTO|DICTIONARY) (\w+)/.exec(sql)?.[1] ?? sql),
      read: async <Row>(sql: string) => answer(sql) as Row[],
      randomId: () => 'run',
      sleep: async () => {},
      log: () => {},
    },
    { measures: [], horizons: new Map() },
  )
  return touched
}

const work = (count: number) => Array.from({ length: count }, () => 'recompute_work')

it('a run with nothing new writes that it began, what others left behind and that it ended', async () => {
  expect(await touchedBy({})).toEqual([...work(3), 'recompute_state', ...work(1)])
})

it('a run with something new looks for what follows from it', async () => {
  expect(await touchedBy({ isAnyNew: true })).toEqual([...work(8), 'recompute_state', ...work(1)])
})

it('a run with no new correction looks for one, and for no event of it', async () => {
  expect(await touchedBy({ hasCorrections: true })).toEqual([...work(4), 'recompute_state', ...work(1)])
})

it.each([
  [['minute'], ['rollup_minute', 'rollup_hour', 'rollup_hour_fields']],
  [['session'], ['sessions']],
  [['visitor'], ['sessions']],
  [['anonymous'], []],
  [['anonymous', 'owned'], ['identities']],
  [['changed_owner'], ['person_of_anonymous']],
  [['changed_user'], ['person_of_user']],
  [
    ['changed_user', 'owned', 'changed_owner', 'minute', 'session', 'visitor'],
    [
      ...['person_of_user', 'identities', 'person_of_anonymous', 'sessions'],
      ...['rollup_minute', 'rollup_hour', 'rollup_hour_fields'],
    ],
  ],
])('work of the kinds %j touches %j', async (kinds, tables) => {
  const touched = await touchedBy({ kinds })
  expect([...new Set(touched)].filter((table) => !table.startsWith('recompute_'))).toEqual(tables)
})
