/** "Is the pipeline well?": a verdict in words, then its stages and counts. Always live. */

import { h } from '../dom.ts'
import { createFigures, type Figure } from '../figures.ts'
import { formatCount, formatMoment, formatSpan } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { formatCapped, isBehind, judgeHealth, nameStage, type Verdict } from '../pipeline.ts'
import type { LiveState } from '../state.ts'

/** What is shown. */
export interface Pipeline {
  verdict: Verdict
  stages: Figure[]
  latency: Figure[]
  counts: Figure[]
}

/** Of health. */
export function readPipeline({ health, watermark }: LiveState, now: number): Shown<Pipeline> {
  const { latencyMs, retries, stages } = health
  const retried = Object.values(retries).reduce((sum, count) => sum + count, 0)
  const count = (name: string, value: number, isBad = value > 0): Figure => ({
    name,
    value: formatCount(value),
    isBad,
  })
  const inR2 = (name: string, value: number | null): Figure => ({
    name: `${name}, all sources`,
    value: value === null ? 'not known' : formatCapped(value),
    isBad: (value ?? 0) > 0,
  })
  return {
    basis: { text: 'last 5 min' },
    model: {
      verdict: judgeHealth(health, now),
      stages: [
        ...stages.map(({ stage, lagMs }) => ({
          name: nameStage(stage),
          value: lagMs === null ? 'not known' : formatSpan(lagMs),
          isBad: isBehind(stage, lagMs),
        })),
        { name: 'Watermark', value: watermark > 0 ? formatSpan(now - watermark) : 'not known' },
      ],
      latency: [
        { name: 'half within', value: formatSpan(latencyMs.p50) },
        { name: '95% within', value: formatSpan(latencyMs.p95) },
        { name: '99% within', value: formatSpan(latencyMs.p99) },
      ],
      counts: [
        count('events', health.events, false),
        count('duplicates', health.duplicates, false),
        count('late', health.late, false),
        count('retries', retried),
        inR2('dead letters', health.deadLetters),
        inR2('spilled', health.spilled),
        ...(health.gaps === null ? [] : [count('gaps, last day', health.gaps)]),
        {
          name: 'last receipt',
          value: health.receivedAt === null ? 'never' : formatMoment(health.receivedAt).slice(11, 19),
        },
      ],
    },
  }
}

/** The panel. */
export function createPipelinePanel(): Panel {
  return createPanel({
    id: 'pipeline',
    title: 'Is the pipeline well?',
    width: 6,
    empty: 'Nothing is known of it.',
    fromLive: readPipeline,
    mount(body) {
      const verdict = h('ul', { class: 'verdict' })
      body.append(verdict, h('h4', {}, 'How far behind'))
      const showStages = createFigures(body, 'figures rows')
      body.append(h('h4', {}, 'From receipt to this page'))
      const showLatency = createFigures(body)
      body.append(h('h4', {}, 'Counts'))
      const showCounts = createFigures(body, 'figures four')
      let said = ''
      return (model) => {
        const { kind, sentences } = model.verdict
        if (said !== sentences.join()) {
          verdict.replaceChildren(...sentences.map((sentence) => h('li', {}, sentence)))
          verdict.className = `verdict ${kind}`
          said = sentences.join()
        }
        showStages(model.stages)
        showLatency(model.latency)
        showCounts(model.counts)
      }
    },
  })
}
