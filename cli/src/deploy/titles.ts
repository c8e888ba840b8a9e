/** The steps of a deployment by name, in their order. */

/** The first one is the checks; each is explained in docs/deploy.md. */
export const STEP_TITLES = [
  'checks',
  'queues and bucket',
  'tables of ClickHouse',
  'secrets',
  'Worker',
  'front door',
  'proof',
  'tracking plan',
] as const

/** One of them. */
export type StepTitle = (typeof STEP_TITLES)[number]
