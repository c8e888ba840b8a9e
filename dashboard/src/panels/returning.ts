/** "Who comes back?": of those who came first on a day, how many came again on the days that followed. Always stored events. */

import { h, setText } from '../dom.ts'
import { capitalize, formatCount, formatShare } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber, asNumberOrNull } from '../query.ts'
import { askFor, cohortsOf, type Range } from '../range.ts'
import { storedBasis } from './bases.ts'

const PERIODS = 6

/** What is shown. */
export interface Returning {
  interval: string
  /** Names of the periods that follow. */
  periods: string[]
  cohorts: { name: string; people: number; shares: (number | null)[] }[]
}

/** Of stored events. Cohorts of nobody are left out. */
export function readReturning([answer]: Answer[], range: Range): Shown<Returning> {
  const { range: asked, interval } = cohortsOf(range)
  const columns = answer?.columns ?? []
  const cohorts = (answer?.rows ?? [])
    .map(([name, size, ...counts]) => {
      const people = asNumber(size)
      const shares = counts.map((cell) => {
        const count = asNumberOrNull(cell)
        return count === null || people === 0 ? null : count / people
      })
      return { name: String(name ?? ''), people, shares }
    })
    .filter(({ people }) => people > 0)
  return {
    basis: storedBasis(asked),
    model: cohorts.length === 0 ? undefined : { interval, periods: columns.slice(2), cohorts },
  }
}

/** The panel. */
export function createReturningPanel(timeZone: string): Panel {
  return createPanel({
    id: 'returning',
    title: 'Who comes back?',
    pastTitle: 'Who came back?',
    width: 6,
    empty: 'Nobody is known in this time.',
    questions(range) {
      const { range: asked, interval } = cohortsOf(range)
      return [
        {
          name: 'retention',
          fields: [
            ['first', 'page'],
            ['returning', 'page'],
            ['interval', interval],
            ['periods', String(PERIODS)],
            ...askFor(asked, timeZone),
          ],
        },
      ]
    },
    fromAnswers: readReturning,
    mount(body) {
      const head = h('tr')
      const rows = h('tbody')
      const caption = h('caption', { class: 'unseen' })
      const table = h('table', { class: 'cohorts' }, caption, h('thead', {}, head), rows)
      body.append(
        h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'People who came back' },
          table,
        ),
      )
      return ({ interval, periods, cohorts }) => {
        setText(caption, `People by the ${interval} they came first, and the share of them that came again`)
        head.replaceChildren(
          h('th', { scope: 'col' }, `First ${interval}`),
          h('th', { scope: 'col' }, 'People'),
          ...periods.map((period) => h('th', { scope: 'col' }, capitalize(period))),
        )
        const largest = Math.max(1e-9, ...cohorts.flatMap(({ shares }) => shares.map((share) => share ?? 0)))
        rows.replaceChildren(
          ...cohorts.map(({ name, people, shares }) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, name),
              h('td', {}, formatCount(people)),
              ...shares.map((share) => shareCell(share, largest)),
            ),
          ),
        )
      }
    },
  })
}

/** The larger the share, the stronger its ground, which stays light enough for the text on it. */
function shareCell(share: number | null, largest: number): HTMLElement {
  if (share === null) return h('td', { class: 'unknown' }, h('span', { class: 'unseen' }, 'not yet'))
  const cell = h('td', { class: 'share' }, formatShare(share))
  cell.style.setProperty('--share', String(share / largest))
  return cell
}
