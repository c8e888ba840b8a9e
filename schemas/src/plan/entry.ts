/** What tools get that compare or write down tracking plans; the Worker does without it. */

export * from './compatibility.ts'
export * from './export.ts'
export type { Obstacle } from './inclusion.ts'
export * from './plan.ts'
export * from './stored.ts'
export type { PlanTypes } from './types.ts'
export * from './version.ts'
