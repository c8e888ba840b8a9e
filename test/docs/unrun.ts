/**
 * Blocks of code that nothing checks by running them, by the reason that their mark gives and the page, with how many there
 * are. A block that is added to them is added here too, where it is seen.
 */
export const UNRUN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'asks for a word on the terminal': { 'docs/privacy.md': 1 },
  'counts the requests of ten seconds': { 'docs/settings.md': 1 },
  'for the warehouse that Snowplow writes': { 'docs/move-from-snowplow.md': 1 },
  'goes on until it is ended': { 'cli/README.md': 1, 'docs/quick-start.md': 1 },
  'it stops a process of yours': { 'docs/runbook.md': 1 },
  'leaves the statement out that it stands for': { 'docs/warehouse.md': 1 },
  'needs a Cloudflare account': {
    'README.md': 1,
    'cli/README.md': 1,
    'docs/deploy.md': 4,
    'docs/quick-start.md': 1,
    'docs/upgrade.md': 2,
  },
  'needs a bucket of Cloudflare': { 'docs/lake.md': 2 },
  "needs jq and a file of PostHog's": { 'docs/move-from-posthog.md': 1 },
  'needs Python': { 'docs/lake.md': 1 },
  'needs Spark': { 'docs/lake.md': 1 },
  'needs the configuration beside it': { 'examples/custom-window-and-monitor/README.md': 1 },
  'needs the deployment of the steps before': { 'docs/quick-start.md': 1 },
  'needs the folders of the step before': { 'docs/quick-start.md': 1 },
  'reads the file of the step before': { 'docs/move-from-posthog.md': 1, 'docs/move-from-snowplow.md': 1 },
  'the tests of the packages ask so in a project of the packed ones': { 'docs/quick-start.md': 1 },
  'the tests of the packages make a project of the packed ones': { 'docs/quick-start.md': 1 },
  'the folder is that of the step before': { 'docs/quick-start.md': 1 },
}
