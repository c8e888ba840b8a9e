/** What the live object of the source `shop` says: every window that is kept, and how it is. */

import type { LiveDefinition, LiveHealth, LiveWindow, MonitorStatus } from '@millrace/schemas/live'
import type { ReleaseStack } from './release-stack.ts'

/** The answer of `/v1/live/windows`, as far as it does not change with the time. */
export interface LiveAnswer {
  watermark: number
  monitors: MonitorStatus[]
  /** When the last event was received. */
  receivedAt: LiveHealth['receivedAt']
}

/** Asks how it is, and for every window of every name. */
export async function readLive(
  stack: Pick<ReleaseStack, 'ask'>,
): Promise<{ answer: LiveAnswer; windows: LiveWindow[] }> {
  const ask = async <T>(search: string): Promise<T> => {
    const response = await stack.ask(`/v1/live/windows${search}`, { as: 'reader' })
    if (!response.ok) throw new Error(`the windows got ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }
  const { definitions, health, monitors, watermark } = await ask<Told>('')
  const windows: LiveWindow[] = []
  for (const { name } of definitions) {
    windows.push(...(await ask<{ windows: LiveWindow[] }>(`?name=${name}&from=2020-01-01T00:00:00Z`)).windows)
  }
  return { answer: { watermark, monitors, receivedAt: health.receivedAt }, windows }
}

interface Told {
  definitions: LiveDefinition[]
  health: LiveHealth
  monitors: MonitorStatus[]
  watermark: number
}
