/** The panels and their places. */

import type { TailEvent } from '@millrace/schemas/live'
import { capitalize, nameCountry } from './format.ts'
import type { Panel } from './panel.ts'
import { createAttentionPanel } from './panels/attention.ts'
import { createBooksPanel } from './panels/books-panel.ts'
import { createCustomPanels } from './panels/custom.ts'
import { createFunnelPanel } from './panels/funnel.ts'
import { createHappeningPanel } from './panels/happening-panel.ts'
import { createHerePanel } from './panels/here.ts'
import { createPipelinePanel } from './panels/pipeline.ts'
import { createRankedPanel, readGroups, readPages } from './panels/ranked.ts'
import { createReferrersPanel } from './panels/referrers.ts'
import { createRefusedPanel } from './panels/refused.ts'
import { createReturningPanel } from './panels/returning.ts'
import { createSoldPanel } from './panels/sold.ts'
import { createSpeedPanel } from './panels/speed.ts'
import { createVisitsPanel } from './panels/visits.ts'
import type { Ask } from './query.ts'
import type { Range } from './range.ts'
import type { LiveState } from './state.ts'

/** All panels but the stream. */
export interface Board {
  showLive: (state: LiveState, now: number, range: Range) => void
  /** Asks for all that the range is asked for. */
  ask: (range: Range, ask: Ask, signal: AbortSignal) => Promise<void>
  clear: () => void
  /** After a change of colours. */
  restyle: () => void
}

/** Where panels are put, and what they need. */
export interface BoardOptions {
  attention: HTMLElement
  visitors: HTMLElement
  pipeline: HTMLElement
  /** IANA name of the browser's. */
  timeZone: string
  onExample: (event: TailEvent) => void
}

/** Builds all panels. */
export function createBoard({ attention, visitors, pipeline, timeZone, onExample }: BoardOptions): Board {
  const happening = createHappeningPanel(timeZone)
  const groups = { columns: ['visitors', 'views'] }
  const ofVisitors: Panel[] = [
    createHerePanel(timeZone),
    happening.panel,
    createRankedPanel({
      id: 'pages',
      title: 'Which pages are read?',
      pastTitle: 'Which pages were read?',
      width: 4,
      empty: 'No page was read in this time.',
      columns: ['Page', 'Views'],
      fromLive: readPages,
      field: 'page_path',
      asked: ['events'],
      timeZone,
    }),
    createReferrersPanel(timeZone),
    createRankedPanel({
      id: 'countries',
      title: 'Which countries?',
      width: 4,
      empty: 'No country is known in this time.',
      columns: ['Country', ...groups.columns.map(capitalize), 'Share'],
      fromLive: (state, now) => readGroups(state, now, 'countries'),
      field: 'country',
      asked: ['people', 'events'],
      timeZone,
      nameOf: nameCountry,
      withShare: true,
    }),
    createFunnelPanel(timeZone),
    createSoldPanel(timeZone),
    createRankedPanel({
      id: 'devices',
      title: 'Which devices?',
      width: 4,
      empty: 'No device is known in this time.',
      columns: ['Device', ...groups.columns.map(capitalize), 'Share'],
      fromLive: (state, now) => readGroups(state, now, 'devices'),
      field: 'device_type',
      asked: ['people', 'events'],
      timeZone,
      nameOf: capitalize,
      withShare: true,
    }),
    createVisitsPanel(timeZone),
    createReturningPanel(timeZone),
    createSpeedPanel(timeZone),
  ]
  const ofPipeline = [createPipelinePanel(), createRefusedPanel(onExample), createBooksPanel(timeZone)]
  const ofAttention = createAttentionPanel()
  visitors.append(...ofVisitors.map(({ element }) => element))
  pipeline.append(...ofPipeline.map(({ element }) => element))
  attention.append(ofAttention.element)
  const custom = createCustomPanels(visitors)
  const all = [...ofVisitors, ...ofPipeline, ofAttention]
  return {
    showLive(state, now, range) {
      for (const panel of all) if (!panel.asks(range)) panel.showLive(state, now)
      custom.showLive(state, now)
    },
    async ask(range, ask, signal) {
      await Promise.all(
        all.filter((panel) => panel.asks(range)).map((panel) => panel.ask(range, ask, signal)),
      )
    },
    clear() {
      for (const panel of all) panel.clear()
      custom.clear()
    },
    restyle: happening.restyle,
  }
}
