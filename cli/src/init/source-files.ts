/** Writes the TypeScript of a new project: its configuration, its demo plan, its entry, and the compiler's settings. */

import { type Project, secretsOf } from './project.ts'

/** `millrace.config.ts`. */
export function writeConfig({ source, writeKey, sites, domain }: Project): string {
  const { secretKey, readToken } = secretsOf(source)
  return `import { defineConfig } from 'millrace/config'
import { plan } from './plan.ts'

/** Who may send, what is kept of it, and for how long. A mistake here is told by \`npm run check\`, before anything is deployed. */
export default defineConfig({
  sources: [
    {
      // Stands in the column \`source\` of every table.
      name: ${quote(source)},
      // Public: it is in your pages. Any of the list will do, so that a key can be changed without a gap.
      writeKeys: [${quote(writeKey)}],
${writeOrigins(sites)}
      // Names of secrets of the Worker. The first lets your servers send history, the second opens dashboard and queries.
      secretKeyVar: ${quote(secretKey)},
      readTokenVar: ${quote(readToken)},
${writeIdentity(domain)}
      // What the events carry.
      plan,
      // Rows are kept for ever unless you say how many days:
      // retention: { eventsDays: 395 },
    },
  ],
  // The source \`dev\` of \`npm run dev\`, with the write key \`dev\`. It does not exist when deployed.
  development: { ip: 'keep', plan },
})
`
}

function writeOrigins(sites: readonly string[]): string {
  if (sites.length === 0)
    return `      // Pages of any site may send. To keep others from sending by mistake:
      // allowedOrigins: ['https://shop.example', 'https://*.shop.example'],`
  return `      // Pages of other sites are refused. 'https://*.shop.example' means all subdomains.
      allowedOrigins: [${sites.map(quote).join(', ')}],`
}

function writeIdentity(domain: string | null): string {
  if (domain === null)
    return `      // On a subdomain of your site, a cookie that the collector sets outlives the seven days of Safari:
      // identity: { kind: 'cookie' },`
  return `      // The collector keeps the visitor's id in a cookie of its own, which outlives the seven days that Safari gives a script's.
      identity: { kind: 'cookie' },`
}

/** `plan.ts`: three events that a newcomer understands. */
export const PLAN = `import { definePlan, type PlanTypes } from 'millrace/config'
import { z } from 'zod'

/**
 * The tracking plan: which events there are, and what is in them. These three are an example; write your own over them.
 *
 * In mode 'warn' an event that differs is stored, and what is wrong with it is shown beside it. In mode 'enforce' it is
 * kept apart instead, to be looked at and sent again. Events that have no entry are stored as they are.
 */
export const plan = definePlan({
  mode: 'warn',
  events: {
    'Signed Up': {
      // MODEL-REVISION-ADDITION: the last counts up for a new field, the first for a change that breaks old events.
      version: '1-0-0',
      owner: 'growth team',
      description: 'A person made an account.',
      properties: z.object({
        method: z.enum(['email', 'google', 'github']),
        plan: z.string().optional().describe('Which price plan, if one was chosen.'),
      }),
    },
    'Product Viewed': {
      version: '1-0-0',
      owner: 'shop team',
      description: 'A person saw the page of a product.',
      properties: z.object({
        product_id: z.string().min(1),
        name: z.string().optional(),
        price: z.number().min(0).optional().describe('In units of the currency, not in cents.'),
        currency: z.string().length(3).optional().describe('ISO 4217, for example EUR.'),
      }),
    },
    'Order Completed': {
      version: '1-0-0',
      owner: 'shop team',
      description: 'An order was placed.',
      properties: z.object({
        order_id: z.string().min(1),
        revenue: z.number().min(0).describe('Without shipping and taxes, in units of the currency.'),
        currency: z.string().length(3).describe('ISO 4217, for example EUR.'),
        products: z.array(z.object({ product_id: z.string().min(1), quantity: z.int().min(1) })).min(1),
      }),
    },
  },
})

/** What the SDKs check when your code is compiled: \`createMillrace<Plan>({ ... })\`. */
export type Plan = PlanTypes<typeof plan>
`

/** `worker.ts`. */
export const WORKER = `import { createWorker, LiveAggregator } from 'millrace/worker'
import config from './millrace.config.ts'

const worker = createWorker(config)

// Cloudflare makes the object that keeps the live windows from this class.
export { LiveAggregator }

// By name, because queue consumers are registered only when the entry exports \`queue\`.
export default { fetch: worker.fetch, queue: worker.queue, scheduled: worker.scheduled }
`

/** `tsconfig.json`, for the editor and for \`npx tsc\`. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["es2024", "webworker"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": [],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["*.ts"]
}
`

/** As the sources here are written: single quotes. No answer holds one. */
function quote(text: string): string {
  return `'${text}'`
}
