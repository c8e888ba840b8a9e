/** The format of access logs: each line is a page view, skipped by a rule, or malformed. */

import { type ImportFormat, readEachLine, type Verdict } from '../import/format.ts'
import type { Line } from '../import/lines.ts'
import { createMessageIdMinter } from '../import/message-id.ts'
import { buildPageView } from './page-view.ts'
import { parseLine } from './parse-line.ts'
import { findSkipRule, NO_REQUEST, SKIP_KINDS } from './rules.ts'

/** Access logs of a site. */
export interface AccessLogOptions {
  /** Origin that is put before each path, for example `https://example.com`. Default: events have no `url`. */
  site?: string | undefined
}

/** The common and combined formats of Apache and nginx. */
export function createAccessLogFormat({ site }: AccessLogOptions = {}): ImportFormat {
  return {
    name: 'access-log',
    words: { records: 'lines', events: 'page views' },
    topField: 'page_path',
    skipKinds: SKIP_KINDS,
    begin(firstLine) {
      const mintId = createMessageIdMinter(firstLine)
      return readEachLine((line) => judge(line, { mintId, site }))
    },
  }
}

interface JudgeOptions {
  mintId: (lineNumber: number, line: Uint8Array) => string
  site: string | undefined
}

function judge(line: Line, { mintId, site }: JudgeOptions): Verdict {
  const parsed = line.isTooLong ? TOO_LONG : parseLine(line.bytes)
  if (!parsed.ok) return { kind: 'malformed', reason: parsed.reason }
  const { entry } = parsed
  const rule = findSkipRule(entry)
  if (rule !== undefined || entry.request === undefined) {
    return { kind: 'skipped', rule: rule ?? NO_REQUEST.name }
  }
  const messageId = mintId(line.number, line.bytes)
  const fields = buildPageView(entry, entry.request, { messageId, site })
  return { kind: 'event', event: { type: 'page', fields } }
}

const TOO_LONG = { ok: false, reason: 'line too long' } as const
