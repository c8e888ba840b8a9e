/** Which references there are, and what is in each. */

/** One import path. */
export interface ImportPath {
  /** As a caller writes it. */
  path: string
  /** Source file. */
  source: string
}

/** One page. */
export interface Reference {
  file: string
  title: string
  /** Markdown. */
  intro: string
  imports: readonly ImportPath[]
  /** Types that are not told of: they only work out what another says. */
  hidden: readonly string[]
  /** Replacements in signatures, which make them readable: what types work out, written plainly. */
  plainly: readonly (readonly [pattern: RegExp, text: string])[]
}

const PLUGINS = ['autocapture', 'consent', 'debug', 'engagement', 'errors', 'linker', 'vitals']

const NODE = ['express', 'fastify', 'hono', 'serverless']

/** The web SDK's last arguments, which a tuple type makes. */
const WEB_PLAIN: Reference['plainly'] = [
  [
    /\.\.\.(\w+): \[\s*\.\.\.FieldsArgument<(.*?)>,\s*\.\.\.Rest,?\s*\]/gs,
    '$1?: $2, options?: EventOptions, callback?: () => void',
  ],
  [/\.\.\.rest: Rest/g, 'options?: EventOptions, callback?: () => void'],
  [/PropertiesOf<P, Name>/g, "P['track'][Name]"],
  [/EventName<P>/g, "keyof P['track']"],
  [/PageFields<P>/g, "P['page']"],
  [/PersonFields<P>/g, "P['identify']"],
  [/PlannedFields<P, ('\w+'), object>/g, 'P[$1]'],
]

const NODE_PLAIN: Reference['plainly'] = [
  [
    /EventOf<\s*PlannedFields<P, 'track', Record<string, Fields>>\s*>/g,
    "{ event: keyof P['track']; properties?: P['track'][event] }",
  ],
  [/PropertiesField<\s*PlannedFields<P, Call, Fields>\s*>/g, '{ properties?: P[Call] }'],
  [/TraitsField<\s*PlannedFields<P, ('\w+'), Fields>\s*>/g, '{ traits?: P[$1] }'],
]

const GENERATED = 'This page is made from the docstrings of the sources.'

/** All references. */
export const REFERENCES: readonly Reference[] = [
  {
    file: 'docs/reference/web.md',
    title: '@millrace/web: reference',
    intro: `${GENERATED} How to begin, and what all this is for, is in [the SDK's own page](../../sdk-web/README.md); [plugins](../../sdk-web/docs/plugins.md) have one too. In signatures, \`P['track']\` and the like stand for what your tracking plan says of that call; without a plan they are any name and any object.`,
    imports: [
      { path: '@millrace/web', source: 'sdk-web/src/index.ts' },
      { path: '@millrace/web/tiny', source: 'sdk-web/src/tiny.ts' },
      ...PLUGINS.map((name) => ({ path: `@millrace/web/${name}`, source: `sdk-web/src/plugins/${name}.ts` })),
    ],
    hidden: [
      'EventName',
      'PlannedFields',
      'PropertiesOf',
      'FieldsArgument',
      'PageField',
      'PageFields',
      'LeaveOut',
      'PersonFields',
      'Rest',
    ],
    plainly: WEB_PLAIN,
  },
  {
    file: 'docs/reference/node.md',
    title: '@millrace/node: reference',
    intro: `${GENERATED} How to begin is in [the SDK's own page](../../sdk-node/README.md), and [web frameworks and functions](../frameworks.md) shows it at work. In signatures, \`P['track']\` and the like stand for what your tracking plan says of that call; without a plan they are any name and any object.`,
    imports: [
      { path: '@millrace/node', source: 'sdk-node/src/index.ts' },
      { path: '@millrace/node/edge', source: 'sdk-node/src/edge.ts' },
      { path: '@millrace/node/context', source: 'sdk-node/src/request-context.ts' },
      ...NODE.map((name) => ({ path: `@millrace/node/${name}`, source: `sdk-node/src/${name}.ts` })),
    ],
    hidden: ['PlannedFields', 'PropertiesField', 'TraitsField', 'EventOf', 'MillraceErrorDetails'],
    plainly: NODE_PLAIN,
  },
  {
    file: 'docs/reference/config.md',
    title: 'millrace.config.ts: reference',
    intro: `${GENERATED} [Settings](../settings.md), [the tracking plan](../tracking-plan.md), [live windows](../live.md) and [monitors](../monitors.md) tell the same with examples.`,
    imports: [{ path: 'millrace/config', source: 'schemas/src/config.ts' }],
    hidden: ['InputOf', 'TextColumn', 'CountColumn', 'TruthColumn', 'ObjectColumn'],
    plainly: [[/(type PlanTypes<.*?> = ).*/s, '$1{ track: …, page: …, screen: …, identify: …, group: … }']],
  },
]
