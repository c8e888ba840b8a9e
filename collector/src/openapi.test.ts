import { ERROR_CODES, type ErrorCode, EVENT_TYPES, REASONS } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions } from './fakes.ts'
import { describeApi } from './openapi.ts'
import { RudderSourceConfigSchema, SegmentSettingsSchema } from './openapi-schemas.ts'
import { buildRudderSourceConfig, buildSegmentSettings } from './routes/settings.ts'

interface Operation {
  summary: string
  security?: Record<string, unknown>[]
  parameters?: { name: string; required: boolean; schema: Record<string, unknown> }[]
  requestBody?: { content: Record<string, { schema: { $ref: string } }> }
  responses: Record<string, Answer & { $ref?: string }>
}

interface Answer {
  headers?: Record<string, unknown>
  /** Absent where an answer has no body. */
  content?: Record<string, unknown>
}

interface Api {
  servers: unknown
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes: Record<string, unknown> }
}

const API = describeApi() as unknown as Api

/** What `$ref` points to. */
function follow(ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], API)
}

const OPERATIONS = Object.entries(API.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

const secret = { authorization: `Basic ${btoa('sk:')}` }
const isOver = { limit: async () => ({ success: false }) }
const lookupBucket = { get: async () => null, put: async () => ({ etag: 'v1' }) }
const limited = { limits: { bySource: isOver, byClient: undefined } }
const away: FakeOptions = { makeDurable: () => Promise.reject(new Error('away')) }
const broken: FakeOptions = {
  sources: {
    find: () => {
      throw new Error('broken')
    },
    findReader: () => {
      throw new Error('broken')
    },
  },
}

interface Trial extends RequestInit {
  query?: string
  options?: FakeOptions
}

/** A request for every status that a route can answer; no status twice. */
type Trials = Readonly<Record<number, Trial>>

const EVENT = '{"writeKey":"wk","userId":"u","event":"x","groupId":"g","previousId":"p","batch":[]}'
const far = { headers: { referer: 'https://far.example/' }, options: { settings: { allowedOrigins: [] } } }

const BODY_TRIALS: Trials = {
  400: { body: '{' },
  401: { body: '{"batch":[]}' },
  405: { method: 'DELETE' },
  413: { body: ' '.repeat(11_000_000) },
  415: { body: '{}', headers: { 'content-encoding': 'br' } },
}

const EVENT_TRIALS: Trials = {
  ...BODY_TRIALS,
  200: { body: EVENT },
  403: { body: EVENT, ...far },
  429: { body: EVENT, options: limited },
  500: { body: EVENT, options: broken },
  503: { body: EVENT, options: away },
}

/** As `trials`, each with the secret key where it says nothing of headers. */
function withSecret(trials: Trials): Trials {
  return Object.fromEntries(
    Object.entries(trials).map(([status, trial]) => [
      status,
      { ...trial, headers: { ...secret, ...(trial.headers as Record<string, string> | undefined) } },
    ]),
  )
}

const SECRET_TRIALS = withSecret({
  ...BODY_TRIALS,
  401: { body: '{}', headers: { authorization: '' } },
  403: { body: '{}', headers: { authorization: 'Bearer wk' } },
  500: { body: '{}', options: broken },
})

const RAW = JSON.stringify({
  raw: EVENT,
  messageId: 'm',
  type: 'track',
  receivedAt: '2026-11-21',
  route: 'batch',
})

const BOOT_TRIALS: Trials = {
  200: { query: '?writeKey=wk' },
  401: { query: '?writeKey=sk' },
  404: { query: '?writeKey=other' },
  405: { method: 'DELETE' },
  500: { query: '?writeKey=wk', options: broken },
}

const PIXEL_TRIALS: Trials = {
  200: { query: '?writeKey=wk&userId=u&event=x' },
  401: { query: '?writeKey=other' },
  403: { query: '?writeKey=wk', ...far },
  405: { method: 'DELETE' },
  429: { query: '?writeKey=wk', options: limited },
  500: { query: '?writeKey=wk', options: broken },
  503: { query: '?writeKey=wk&userId=u', options: away },
}

const reader = { authorization: 'Bearer rt' }
const answered = async () => ({ ok: true, json: '{}', cache: 'miss' }) as const
const asking = (answer: FakeOptions['answer']): Trial => ({ options: { answer } })
const refusing = (status: 422 | 429, code: ErrorCode) =>
  asking(async () => ({ ok: false, status, code, message: 'no', retryAfterSeconds: 10 }))

/** Fields that each question needs. */
const QUESTIONS: Record<string, object> = {
  top: { field: 'country' },
  breakdown: { by: ['country'] },
  funnel: { steps: ['page', 'page'] },
  retention: { first: 'page', returning: 'page' },
}

/** The question is in the query of a GET, and in the body of a POST. */
function questionTrials(path: string, method: string): Trials {
  const fields = QUESTIONS[path.replace('/v1/query/', '')] ?? {}
  const ask = (more: object, trial: Trial = {}): Trial => {
    const question = { ...fields, ...more }
    const texts = Object.entries(question).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
    const sent =
      method === 'GET' ? { query: `?${new URLSearchParams(texts)}` } : { body: JSON.stringify(question) }
    return { headers: reader, ...sent, ...trial }
  }
  const bodies: Trials =
    method === 'GET'
      ? {}
      : {
          413: { headers: reader, body: ' '.repeat(70_000) },
          415: { headers: { ...reader, 'content-encoding': 'br' }, body: '{}' },
        }
  return {
    200: ask({}, asking(answered)),
    400: ask({ nonsense: 'x' }),
    401: ask({}, { headers: {} }),
    403: ask({ source: 'blog' }),
    405: { method: 'DELETE' },
    ...bodies,
    422: ask({}, refusing(422, 'question_too_heavy')),
    429: ask({}, refusing(429, 'rate_limited')),
    500: ask({}, { options: broken }),
    503: ask({}),
  }
}

const DEAD_KEY = 'dead/2026-11-21/a.json'
const deadObject = {
  key: DEAD_KEY,
  size: 1,
  uploaded: new Date(0),
  text: async () => 'x',
  body: new ReadableStream(),
}
const deadLetters: NonNullable<FakeOptions['deadLetters']> = {
  bucket: {
    list: async () => ({ objects: [], truncated: false }),
    head: async () => null,
    get: async (key) => (key === DEAD_KEY ? deadObject : null),
    put: async () => null,
    delete: async () => {},
  },
  queue: { sendBatch: async () => {} },
}
const spill: NonNullable<FakeOptions['spill']> = {
  bucket: { list: async () => ({ objects: [], truncated: false }) },
  drain: async () => ({ objects: 0, messages: 0, left: 0 }),
}

/** What operators do; the keys are in the header, so that a body is read only with the right one. */
function operatorTrials(path: string, method: string): Trials {
  const kept = { options: { deadLetters, spill } }
  const { 401: none = {}, 403: wrong = {}, 405: other = {}, 500: fault = {}, ...bodies } = SECRET_TRIALS
  const keyed = { 401: none, 403: wrong, 405: other, 500: fault, ...withSecret({ 200: kept, 503: {} }) }
  // A GET has no body.
  const trials = Object.fromEntries(
    Object.entries(keyed).map(([status, { body: _, ...trial }]) => [status, trial]),
  )
  if (path === '/v1/spill/drain') return trials
  if (path === '/v1/dead/{key}') {
    return { ...trials, ...withSecret({ 404: { ...kept, query: 'x' } }) }
  }
  if (method === 'GET') return { ...trials, ...withSecret({ 400: { ...kept, query: '?after=x' } }) }
  const withStore = Object.entries(bodies).map(([status, trial]) => [status, { ...trial, ...kept }])
  return {
    ...trials,
    ...Object.fromEntries(withStore),
    ...withSecret({ 200: { ...kept, body: JSON.stringify({ keys: [DEAD_KEY] }) } }),
  }
}

const STORED_FILE = { size: 4, etag: 'v1', httpEtag: '"v1"', uploaded: new Date(0) }

/** A bucket that has every file: four bytes of text. */
const lake: NonNullable<FakeOptions['lake']> = {
  head: async () => STORED_FILE,
  async get(_, { onlyIf, range } = {}) {
    if (range !== undefined && 'offset' in range && range.offset > 3) throw new Error('no such range')
    if (onlyIf instanceof Headers && [...onlyIf].length > 0) return STORED_FILE
    const { body } = new Response('none')
    if (body === null) throw new Error('no body')
    const text = async () => 'none'
    return { ...STORED_FILE, body, text, arrayBuffer: async () => new ArrayBuffer(4) }
  },
}
const emptyLake = { head: async () => null, get: async () => null }

function lakeTrials(path: string): Trials {
  const common: Trials = {
    401: {},
    403: { headers: reader, query: '?source=blog' },
    405: { method: 'DELETE' },
    503: { headers: reader },
  }
  const ask = (more: Record<string, string>): Trial => ({
    headers: { ...reader, ...more },
    options: { lake },
  })
  const isManifest = path.endsWith('manifest')
  return {
    ...common,
    200: ask({}),
    206: ask({ range: 'bytes=0-1' }),
    304: ask({ 'if-none-match': '"v1"' }),
    ...(isManifest ? {} : { 404: { headers: reader, options: { lake: emptyLake } } }),
    412: ask({ 'if-match': '"v0"' }),
    416: ask({ range: 'bytes=9-' }),
    500: { headers: reader, options: broken },
  }
}

/** The fields are in the query of a GET, and in the form of a POST. */
function downloadTrials(method: string): Trials {
  const form = { ...reader, 'content-type': 'application/x-www-form-urlencoded' }
  const ask = (fields: string, options: FakeOptions): Trial =>
    method === 'GET'
      ? { headers: reader, query: `?${fields}`, options }
      : { headers: form, body: fields, options }
  const bodies: Trials =
    method === 'GET'
      ? {}
      : {
          413: { headers: form, body: ' '.repeat(70_000) },
          415: { headers: { ...form, 'content-encoding': 'br' }, body: 'a=b' },
        }
  const withoutToken = { 'content-type': form['content-type'] }
  return {
    200: ask('', { lake: emptyLake }),
    400: ask('format=xls', { lake: emptyLake }),
    401: method === 'GET' ? {} : { headers: withoutToken, body: 'from=7d' },
    403: ask('source=blog', { lake: emptyLake }),
    405: { method: 'DELETE' },
    ...bodies,
    500: ask('', { lake }),
    503: ask('', {}),
  }
}

/** An object that has windows of one name. */
const askLive: NonNullable<FakeOptions['askLive']> = async (_, request) => {
  if (request.headers.get('upgrade') === 'websocket') {
    return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] })
  }
  const { pathname, searchParams } = new URL(request.url)
  if (pathname !== '/windows')
    return new Response('event: snapshot', { headers: { 'content-type': 'text/event-stream' } })
  return searchParams.get('name') === 'none'
    ? new Response('there is no window', { status: 404 })
    : Response.json({})
}

function liveTrials(path: string): Trials {
  const ask = (query: string, headers = {}): Trial => ({
    ...{ query, headers: { ...reader, ...headers } },
    options: { askLive },
  })
  const isStream = path === '/v1/live'
  return {
    ...(isStream ? { 101: ask('', { upgrade: 'websocket' }) } : {}),
    200: ask(''),
    400: ask('?nonsense=x'),
    401: {},
    403: { headers: reader, query: '?source=blog' },
    ...(isStream ? {} : { 404: ask('?name=none') }),
    405: { method: 'DELETE' },
    500: { headers: reader, options: broken },
    503: { headers: reader },
  }
}

const OPEN_TRIALS: Trials = { 200: {}, 405: { method: 'DELETE' } }

function trialsOf(path: string, method: string): Trials {
  if (path.startsWith('/v1/query/')) return questionTrials(path, method)
  if (path === '/v1/lake/download') return downloadTrials(method)
  if (path.startsWith('/v1/lake/')) return lakeTrials(path)
  if (path.startsWith('/v1/live')) return liveTrials(path)
  if (path === '/metrics') {
    const read = async () => '# HELP x y\n'
    const headers = { authorization: 'Bearer scrape' }
    return {
      200: { headers, options: { metrics: { token: 'scrape', read } } },
      401: { options: { metrics: { token: 'scrape', read } } },
      404: { headers },
      405: { method: 'DELETE' },
      503: {
        headers,
        options: { metrics: { token: 'scrape', read: () => Promise.reject(new Error('away')) } },
      },
    }
  }
  if (path === '/v1/import') {
    const body = '{"batch":[{"type":"page","userId":"u"}]}'
    return { ...SECRET_TRIALS, ...withSecret({ 200: { body }, 503: { body, options: away } }) }
  }
  if (path === '/v1/replay') {
    const body = `{"events":[${RAW}]}`
    return { ...SECRET_TRIALS, ...withSecret({ 200: { body }, 503: { body, options: away } }) }
  }
  if (/^\/v1\/(dead|spill)/.test(path)) return operatorTrials(path, method)
  if (path.startsWith('/v1/lookups/')) {
    const body = '{"key":"id","rows":{}}'
    const { 400: bad = {}, 413: big = {}, 415: strange = {}, ...others } = SECRET_TRIALS
    const stored = { options: { lookupBucket } }
    return {
      ...others,
      400: { ...bad, ...stored },
      413: { ...big, ...stored },
      415: { ...strange, ...stored },
      ...withSecret({ 200: { body, ...stored }, 503: { body } }),
    }
  }
  if (/settings$|sourceConfig$/.test(path)) return BOOT_TRIALS
  if (path.startsWith('/pixel/')) return PIXEL_TRIALS
  if (path.startsWith('/v1/pixel/')) return { ...PIXEL_TRIALS, 400: { query: '?writeKey=wk&data=%25' } }
  return ['/v1/m', '/health', '/openapi.json'].includes(path) ? OPEN_TRIALS : EVENT_TRIALS
}

/** Settings have the key in their path, where the others have it in the query. */
function addressOf(path: string, query = ''): string {
  const key = /=(\w+)/.exec(query)?.[1] ?? 'wk'
  const filled = path.replace('{writeKey}', key).replace('{prefix}', 'cdn').replace('{name}', 'products')
  const file = 'date=2026-11-21/hour=11/bucket-0.parquet'
  return filled.replace('{key}', '2026-11-21/a.json').replace('{date}/{hour}/{file}', file) + query
}

describe('the OpenAPI description', () => {
  it('is served, and names every code and reason', async () => {
    const { app } = createCollector({ describeApi })
    expect(await (await app.request('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(API)))
    const text = JSON.stringify(API.components.schemas)
    for (const word of [...ERROR_CODES, ...REASONS]) expect(text).toContain(`"${word}"`)
  })

  it('has the routes of the app and their methods, and no others', () => {
    const { app } = createCollector({ describeApi })
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    expect(OPERATIONS.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(routes.toSorted())
  })

  it.each(OPERATIONS)(
    'lists the statuses that there are trials of: $method $path',
    ({ path, method, operation }) => {
      expect(Object.keys(operation.responses)).toEqual(Object.keys(trialsOf(path, method)))
    },
  )

  const trials = OPERATIONS.flatMap(({ path, method, operation }) =>
    Object.entries(trialsOf(path, method)).map(([status, trial]) => ({
      status,
      path,
      method,
      operation,
      trial,
    })),
  )
  it.each(trials)(
    'knows of the $status of $method $path',
    async ({ status, path, method, operation, trial }) => {
      const { query, options, ...init } = trial
      const { app } = createCollector({ describeApi, ...options })
      const response = await app.request(addressOf(path, query), { method, ...init })
      await response.arrayBuffer()
      expect(response.status).toBe(Number(status))
      const described = operation.responses[status]
      const { content = {}, headers = {} } = (described?.$ref ? follow(described.$ref) : described) as Answer
      const type = response.headers.get('content-type')
      if (type === null) expect(content).toEqual({})
      else expect(Object.keys(content)).toContain(type)
      // An image that was taken has nothing to tell.
      const due = status === '200' ? [] : Object.keys(headers)
      expect(due.filter((name) => response.headers.get(name) === null)).toEqual([])
    },
  )

  it('is of the server that serves it', () => {
    expect(API.servers).toEqual([expect.objectContaining({ url: '/' })])
  })

  it('refers only to what it has, and has nothing that is not referred to', () => {
    const refs = [...JSON.stringify(API).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)
    expect(refs.filter((ref) => follow(ref) === undefined)).toEqual([])
    const unused = Object.keys(API.components.schemas).filter(
      (name) => !refs.some((ref) => ref.startsWith(`#/components/schemas/${name}`)),
    )
    expect(unused).toEqual([])
  })

  it.each(EVENT_TYPES)('asks for the type of a %s event only within a batch', (type) => {
    const [single, short] = [API.paths[`/v1/${type}`], API.paths[`/v1/${type[0]}`]]
    const schemas = [single, short].map((path) => path?.['post']?.requestBody?.content['text/plain']?.schema)
    expect(schemas[1]).toEqual(schemas[0])
    const lone = follow(schemas[0]?.$ref ?? '') as Record<string, unknown>
    const { properties, description } = lone
    expect(lone['required'] ?? []).not.toContain('type')
    expect(properties).not.toHaveProperty('type')
    expect(properties).toMatchObject({ writeKey: { type: 'string' }, sentAt: {}, userId: {}, context: {} })
    const within = follow(schemas[0]?.$ref.replace('Lone', '') ?? '') as Record<string, unknown>
    expect(within['required']).toContain('type')
    for (const text of [description, within['description']]) {
      expect(text).toContain('Needs a userId or an anonymousId')
    }
  })

  it('asks of a track event for its name', () => {
    expect(API.components.schemas['LoneTrackEvent']?.['required']).toEqual(['event'])
    expect(API.paths['/pixel/v1/track']?.['get']?.parameters).toMatchObject([
      { name: 'fields', required: true, schema: { required: ['event'] } },
    ])
  })

  it('lists the fields of a pixel, and `data` only for Segment’s', () => {
    const ofRudder = API.paths['/pixel/v1/page']?.['get']?.parameters ?? []
    expect(ofRudder).toMatchObject([
      {
        name: 'fields',
        required: false,
        schema: {
          properties: {
            userId: { type: 'string' },
            anonymousId: { type: 'string' },
            name: { type: 'string' },
          },
          patternProperties: { '^(context|integrations|properties|traits)\\.': { type: 'string' } },
        },
      },
    ])
    const ofSegment = API.paths['/v1/pixel/page']?.['get']?.parameters
    expect(ofSegment).toMatchObject([
      { name: 'data', schema: { contentSchema: { $ref: '#/components/schemas/LonePageEvent' } } },
      { name: 'fields' },
    ])
  })

  it('takes the secret key for import, replay, lookups and what operators do, by header alone, and nowhere else', () => {
    const bySecret = OPERATIONS.filter(({ operation }) =>
      JSON.stringify(operation.security)?.includes('secret'),
    )
    expect(bySecret.map(({ path }) => path)).toEqual([
      ...['/v1/import', '/v1/replay', '/v1/lookups/{name}'],
      ...['/v1/dead', '/v1/dead/replay', '/v1/dead/{key}', '/v1/spill', '/v1/spill/drain'],
    ])
    for (const { operation } of bySecret) {
      expect(operation.security).toEqual([{ secretKeyBasic: [] }, { secretKeyBearer: [] }])
    }
    expect(API.components.schemas['ImportBatch']?.['properties']).not.toHaveProperty('writeKey')
  })

  it('has the whole of what SDKs boot with', () => {
    const input = { writeKey: 'wk', origin: 'https://collect.example', sourceName: 'shop' }
    const segment = buildSegmentSettings(input)
    expect(SegmentSettingsSchema.parse(segment)).toEqual(segment)
    const rudder = buildRudderSourceConfig(input)
    expect(RudderSourceConfigSchema.parse(rudder)).toEqual(rudder)
  })
})
