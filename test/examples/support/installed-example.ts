/** What the tests of an installed example begin with, and remove in the end. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser } from '../../support/browser.ts'
import { createPackedProject, type PackedProject } from '../../support/packed-project.ts'
import { startTestStack, type TestStack } from '../../support/stack.ts'

/** A collector, a browser, and the example as its users install it. */
export interface InstalledExample {
  stack: TestStack
  browser: Browser
  project: PackedProject
}

/**
 * Has a test file begin with an example, by the name of its folder.
 *
 * @returns a function that gives it, once the tests run
 */
export function setUpExample(name: string): () => InstalledExample {
  let example: InstalledExample
  // What was begun is ended also where the rest did not begin.
  const endings: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    const stack = await startTestStack()
    endings.push(() => stack.stop())
    const browser = await launchBrowser()
    endings.push(() => browser.close())
    const project = await createPackedProject(`examples/${name}`)
    endings.push(() => project.remove())
    example = { stack, browser, project }
  })
  afterAll(async () => {
    for (const end of endings.reverse()) await end()
  })
  return () => example
}
