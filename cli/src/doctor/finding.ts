/** What a check found, and where it stands in the report. Knows no check. */

/** How it is. `unknown`: it could not be checked, and `says` tells why. */
export type FindingState = 'ok' | 'warning' | 'problem' | 'unknown'

/** Subjects of the report, in its order. */
export const GROUPS = [
  'configuration',
  'wrangler.toml',
  'collector',
  'ClickHouse',
  'Cloudflare',
  'pipeline',
] as const

/** One of them. */
export type Group = (typeof GROUPS)[number]

/** One line of the report. */
export interface Finding {
  group: Group
  /** What was looked at, in a few words that stay the same from run to run. */
  check: string
  state: FindingState
  /** What was found, in one sentence without a full stop. */
  says: string
  /** What to do about it, with commands between backticks; always there with a warning or a problem. */
  mend?: string
}

/** Makes the findings of one group. */
export interface FindingMaker {
  ok: (check: string, says: string) => Finding
  warning: (check: string, says: string, mend: string) => Finding
  problem: (check: string, says: string, mend: string) => Finding
  /** `mend` is how it could be checked, where something can be done about it. */
  unknown: (check: string, why: string, mend?: string) => Finding
}

/** A maker of findings of this group. */
export function findingsOf(group: Group): FindingMaker {
  return {
    ok: (check, says) => ({ group, check, state: 'ok', says }),
    warning: (check, says, mend) => ({ group, check, state: 'warning', says, mend }),
    problem: (check, says, mend) => ({ group, check, state: 'problem', says, mend }),
    unknown: (check, why, mend) => ({
      ...{ group, check, state: 'unknown', says: why },
      ...(mend === undefined ? {} : { mend }),
    }),
  }
}

/** The text with every one of these values hidden. */
export function hideValues(text: string, secrets: readonly string[]): string {
  // The longest first, so that no part of one is left where another is a part of it.
  const hidden = [...new Set(secrets)].filter((value) => value !== '').sort((a, b) => b.length - a.length)
  return hidden.reduce((rest, value) => rest.replaceAll(value, '[HIDDEN]'), text)
}

/** The findings with every one of these values hidden, wherever an error or an answer quoted it. */
export function hideSecrets(findings: readonly Finding[], secrets: readonly string[]): Finding[] {
  const hide = (text: string) => hideValues(text, secrets)
  return findings.map((finding) => ({
    ...finding,
    says: hide(finding.says),
    ...(finding.mend === undefined ? {} : { mend: hide(finding.mend) }),
  }))
}
