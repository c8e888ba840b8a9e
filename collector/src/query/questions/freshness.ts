/** The question `freshness`: how far the computed tables are. */

import { sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { defineQuestion } from '../question.ts'
import { FROM_FRESHNESS } from '../relations.ts'

export const freshness = defineQuestion({
  summary: 'How far sessions, roll-ups and identities are behind the events',
  schema: z.strictObject({}),
  hasRange: false,
  ttlSeconds: 10,
  async answer({ ask }) {
    const rows = await ask(
      sql`SELECT job, up_to, finished_at, lag_ms / 1000, duration_ms / 1000 ${FROM_FRESHNESS} ORDER BY job`,
    )
    return {
      readFrom: 'rollups',
      columns: ['job', 'upTo', 'finishedAt', 'lagSeconds', 'durationSeconds'],
      rows,
    }
  },
})
