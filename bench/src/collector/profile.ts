/** Takes a CPU profile of a running workerd over its inspector and sums it up by function and by file. */

/** One function in a profile; the fields used of V8's `Profiler.ProfileNode`. */
export interface ProfileNode {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number }
  children?: number[]
}

/** V8's `Profiler.Profile`, as a `.cpuprofile` file holds it; times in microseconds. */
export interface CpuProfile {
  nodes: ProfileNode[]
  startTime: number
  endTime: number
  samples: number[]
  timeDeltas: number[]
}

/** A function's share of the samples, 0 to 1. */
export interface FunctionShare {
  name: string
  /** File of the source that was bundled, or empty for the runtime's own. */
  file: string
  /** Line in the bundle, from 1. */
  line: number
  self: number
  /** With all that it called; recursion counts once. */
  total: number
}

/** Microseconds between samples: fine enough for a few seconds, coarse enough to cost little. */
const SAMPLING_INTERVAL_US = 250

/** Profiles a service while `work` runs. */
export async function takeProfile(
  inspectorPort: number,
  service: string,
  work: () => Promise<unknown>,
): Promise<CpuProfile> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/${service}`)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the inspector of workerd does not answer')))
  })
  const call = createCaller(socket)
  try {
    await call('Profiler.enable')
    await call('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US })
    await call('Profiler.start')
    await work()
    const { profile } = (await call('Profiler.stop')) as { profile: CpuProfile }
    return profile
  } finally {
    socket.close()
  }
}

/** Calls of the Chrome DevTools Protocol, one answer each. */
function createCaller(socket: WebSocket): (method: string, params?: object) => Promise<unknown> {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  let lastId = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as {
      id?: number
      result?: unknown
      error?: object
    }
    const caller = waiting.get(id ?? 0)
    waiting.delete(id ?? 0)
    if (error !== undefined) caller?.reject(new Error(JSON.stringify(error)))
    else caller?.resolve(result)
  })
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject })
      socket.send(JSON.stringify({ id: lastId, method, params }))
    })
}

/**
 * Shares by function, the dearest itself first. `bundle` is the Worker's text: esbuild notes in it which file each part
 * came from.
 */
export function summarizeProfile(profile: CpuProfile, bundle: string): FunctionShare[] {
  const stackOf = createStackReader(profile, readBundleFiles(bundle))
  const counts = new Map<number, number>()
  for (const id of profile.samples) counts.set(id, (counts.get(id) ?? 0) + 1)
  const shares = new Set<FunctionShare>()
  for (const [id, count] of counts) {
    const weight = count / profile.samples.length
    const stack = stackOf(id)
    for (const [depth, share] of [...new Set(stack)].entries()) {
      if (depth === 0) share.self += weight
      share.total += weight
      shares.add(share)
    }
  }
  return [...shares].sort((a, b) => b.self - a.self)
}

/** A function from the id of a node to the functions on its stack, innermost first; one object a function. */
function createStackReader(
  { nodes }: CpuProfile,
  fileOfLine: readonly string[],
): (id: number) => FunctionShare[] {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const byPlace = new Map<string, FunctionShare>()
  const byId = new Map<number, FunctionShare>()
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber, columnNumber } = callFrame
    const place = `${functionName} ${url} ${lineNumber} ${columnNumber}`
    const share = byPlace.get(place) ?? {
      name: functionName || '(anonymous)',
      file: url === '' ? '' : (fileOfLine[lineNumber] ?? ''),
      line: lineNumber + 1,
      self: 0,
      total: 0,
    }
    byPlace.set(place, share)
    byId.set(id, share)
  }
  return (id) => {
    const stack: FunctionShare[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const share = byId.get(at)
      if (share !== undefined) stack.push(share)
    }
    return stack
  }
}

/** Shares by file, dearest first; what belongs to no file stands under its name. */
export function sumByFile(shares: readonly FunctionShare[]): [file: string, self: number][] {
  const sums = new Map<string, number>()
  for (const { file, name, self } of shares) {
    const key = file === '' ? name : file
    sums.set(key, (sums.get(key) ?? 0) + self)
  }
  return [...sums].sort(([, a], [, b]) => b - a)
}

/** For each line of a bundle the file that it came from: esbuild puts `// path` above each. */
function readBundleFiles(bundle: string): string[] {
  let file = ''
  return bundle.split('\n').map((line) => {
    const path = /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(line)?.[1]
    if (path !== undefined) file = path
    return file
  })
}
