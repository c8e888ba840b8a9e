/** The order of the routes in the reference: sections, and which paths are told of together. */

import type { Api, Operation } from './openapi.ts'

/** One section. */
export interface Group {
  title: string
  /** Markdown. */
  intro: string
  /** Which paths belong to it. */
  has: RegExp
}

/** One route: a path, its methods that are told of together, and other paths that are the same. */
export interface Route {
  path: string
  methods: string[]
  also: string[]
  /** By method. */
  operations: Record<string, Operation>
}

/** All sections; a path belongs to the first that has it. */
export const GROUPS: readonly Group[] = [
  {
    title: 'Sending events',
    intro:
      'A batch is taken or refused whole; single events of it may be put aside, and the answer names them by their position. Send the same batch again as often as you like: an event counts once.',
    has: /^\/(v1\/(batch|b|import)|beacon\/v1\/batch)$/,
  },
  {
    title: 'Single events',
    intro:
      'As in a batch of one, the path saying the type. Without `messageId` and `timestamp`, an event that is sent again is another one.',
    has: /^\/v1\/(track|page|screen|identify|group|alias|[tpsiga])$/,
  },
  {
    title: 'Pixels',
    intro:
      'For mails and pages without script: the answer is an image of one pixel whatever happens, and the header `X-Millrace-Error` says what did. Each request is an event of its own.',
    has: /^\/(pixel\/v1|v1\/pixel)\//,
  },
  {
    title: 'What SDKs fetch to boot',
    intro:
      'Segment’s and RudderStack’s browser SDKs ask for their settings before they send; [moving from them](../switch.md) has the options.',
    has: /(\/settings|\/sourceConfig|^\/v1\/m)$/,
  },
  {
    title: 'Questions',
    intro:
      'About the events of one source. [Questions](../query.md) tells what each means, with answers. A `GET` has fields in its query, where those of lists are given once for each; a `POST` has them in a JSON body.',
    has: /^\/v1\/query\//,
  },
  {
    title: 'Live',
    intro: 'Windows, events and health as they change. [Live](../live.md) tells more.',
    has: /^\/v1\/live/,
  },
  {
    title: 'The lake',
    intro: 'Files of events in Parquet. [The lake](../lake.md) tells more.',
    has: /^\/v1\/lake\//,
  },
  {
    title: 'Operators',
    intro:
      'What [the command](../../cli/README.md) asks, and what watches a deployment. [The runbook](../runbook.md) says when.',
    has: /^\/(v1\/(replay|lookups|dead|spill)|metrics|health|openapi\.json)/,
  },
]

/** The routes of all sections, in the order of the description. Throws for a path that no section has. */
export function groupRoutes(api: Api): [Group, Route[]][] {
  const groups = GROUPS.map((group): [Group, Route[]] => [group, []])
  for (const [path, operations] of Object.entries(api.paths)) {
    const routes = groups.find(([group]) => group.has.test(path))?.[1]
    if (routes === undefined) throw new Error(`no section of the reference has ${path}`)
    const same = routes.find((route) => isSame(route, operations))
    if (same !== undefined) same.also.push(path)
    else routes.push({ path, methods: Object.keys(operations), also: [], operations })
  }
  return groups
}

/** A shorter name, or the same below a path segment. */
function isSame(route: Route, operations: Record<string, Operation>): boolean {
  const without = ({ parameters, ...rest }: Operation) => ({
    ...rest,
    parameters: parameters?.filter(({ name }) => name !== 'prefix') ?? [],
  })
  const text = (all: Record<string, Operation>) =>
    JSON.stringify(Object.entries(all).map(([method, operation]) => [method, without(operation)]))
  return text(route.operations) === text(operations)
}
