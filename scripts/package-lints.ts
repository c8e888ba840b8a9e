/** Asks publint and are-the-types-wrong what users of a tarball would run into, and sets aside what is meant so. */

import { checkPackage, type Package, type Problem } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/** A problem that is meant so. */
export interface Allowance {
  /** Name of the package. */
  package: string
  /** What its problem's line is like. */
  problem: RegExp
  reason: string
}

/** Problems that are none. Each must occur, so that none stays here for longer than it is needed. */
export const ALLOWANCES: readonly Allowance[] = [
  {
    package: '@millrace/web',
    problem: /^attw: \w+ of \.\/(millrace|stub)\.js in /,
    reason: 'scripts for a tag, which export nothing; they are exported so that tools find the files',
  },
  {
    package: '@millrace/web',
    problem: /^attw: NoResolution of \.\/integrity\.json in node10$/,
    reason: 'data for tools that know exports',
  },
  {
    package: 'millrace',
    problem: /^attw: (NoResolution|CJSResolvesToESM) of \.\/(config|worker) in (node10|node16-cjs)$/,
    reason: 'a Worker and its configuration are ES modules, bundled by wrangler; nothing requires them',
  },
]

/** What publint says of a tarball, suggestions too, a line each. */
export async function lintPackage(tarball: Uint8Array): Promise<string[]> {
  // A copy, because a Buffer may be a part of a larger one.
  const { buffer } = new Uint8Array(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true, level: 'suggestion' })
  return messages.map((message) => `publint: ${formatMessage(message, pkg ?? {}, { color: false })}`)
}

/** What are-the-types-wrong says of a package, a line each; nothing where there are no types. */
export async function lintTypes(contents: Package): Promise<string[]> {
  const result = await checkPackage(contents)
  return result.types === false ? [] : result.problems.map(describeTypeProblem)
}

function describeTypeProblem(problem: Problem): string {
  if ('entrypoint' in problem) {
    return `attw: ${problem.kind} of ${problem.entrypoint} in ${problem.resolutionKind}`
  }
  const file = 'fileName' in problem ? problem.fileName : problem.typesFileName
  return `attw: ${problem.kind} in ${file}`
}

/** Problems of a package without those that are allowed, and a line for each allowance that nothing needs. */
export function settleProblems(
  name: string,
  problems: readonly string[],
  allowances: readonly Allowance[] = ALLOWANCES,
): string[] {
  const own = allowances.filter((allowance) => allowance.package === name)
  const left = problems.filter((problem) => !own.some((allowance) => allowance.problem.test(problem)))
  const unused = own.filter((allowance) => !problems.some((problem) => allowance.problem.test(problem)))
  return [...left, ...unused.map(({ problem }) => `the allowance ${problem.source} is not needed any more`)]
}
