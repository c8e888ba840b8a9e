/** One request for each route, and for some the answer. A test holds them against the description. */

/** A request as it is shown. */
export interface Example {
  /** Behind the host; may differ from the route's path where that has parameters. */
  target: string
  headers?: Readonly<Record<string, string>>
  /** JSON, or text as it is. */
  body?: unknown
  /** JSON of a 200. */
  answer?: unknown
}

const READ = { Authorization: 'Bearer rt_shop' }

const SECRET = { Authorization: 'Bearer sk_shop' }

const TIME = '2026-11-22T10:15:30.000Z'

const EVENT = { userId: 'u1', timestamp: TIME }

const DONE = { success: true }

/** Question, and a part of its answer. */
function question(name: string, query: string, body?: object): Record<string, Example> {
  const target = `/v1/query/${name}`
  const json = { ...READ, 'Content-Type': 'application/json' }
  return {
    [`GET ${target}`]: { target: query === '' ? target : `${target}?${query}`, headers: READ },
    ...(body === undefined ? {} : { [`POST ${target}`]: { target, headers: json, body } }),
  }
}

function single(type: string, fields: object): Record<string, Example> {
  const target = `/v1/${type}`
  return { [`POST ${target}`]: { target, body: { writeKey: 'wk_shop', ...EVENT, ...fields }, answer: DONE } }
}

function pixel(type: string, fields: string): Record<string, Example> {
  return { [`GET /v1/pixel/${type}`]: { target: `/v1/pixel/${type}?writeKey=wk_shop&userId=u1${fields}` } }
}

/** Keys are method and path. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  'POST /v1/batch': {
    target: '/v1/batch',
    headers: { 'Content-Type': 'application/json' },
    body: {
      writeKey: 'wk_shop',
      sentAt: '2026-11-22T10:15:31.000Z',
      batch: [
        { type: 'page', anonymousId: 'a1', timestamp: TIME, properties: { path: '/pricing' } },
        { type: 'track', event: 'Order Completed', ...EVENT, properties: { total: 42, currency: 'EUR' } },
        { type: 'track', event: 'Order Completed', timestamp: TIME },
      ],
    },
    answer: {
      success: true,
      receipts: [
        {
          index: 2,
          messageId: 'edba7fc3dfcb549acce9491f0e4f46d1',
          status: 'quarantined',
          reason: 'missing_identity',
          path: 'anonymousId',
          message: 'an event needs a userId or an anonymousId',
        },
      ],
    },
  },
  'POST /beacon/v1/batch': {
    target: '/beacon/v1/batch?writeKey=wk_shop',
    body: { batch: [{ type: 'page', anonymousId: 'a1', originalTimestamp: TIME }] },
    answer: DONE,
  },
  'POST /v1/import': {
    target: '/v1/import',
    headers: { ...SECRET, 'Content-Type': 'application/json' },
    body: {
      batch: [
        { type: 'track', event: 'Signed Up', messageId: 'old-1', userId: 'u1', timestamp: '2019-04-01' },
      ],
    },
    answer: DONE,
  },
  ...single('track', { event: 'Signed Up', properties: { plan: 'pro' } }),
  ...single('page', { name: 'Pricing', properties: { path: '/pricing' } }),
  ...single('screen', { name: 'Cart' }),
  ...single('identify', { traits: { email: 'ada@example.com', plan: 'pro' } }),
  ...single('group', { groupId: 'g1', traits: { name: 'Analytical Engines' } }),
  ...single('alias', { previousId: 'a1' }),
  'GET /pixel/v1/track': {
    target: '/pixel/v1/track?writeKey=wk_shop&userId=u1&event=Mail%20Opened&properties.mail=welcome',
  },
  'GET /pixel/v1/page': { target: '/pixel/v1/page?writeKey=wk_shop&anonymousId=a1&name=Pricing' },
  ...pixel('track', '&event=Mail%20Opened&properties.mail=welcome'),
  ...pixel('page', '&name=Pricing'),
  ...pixel('screen', '&name=Cart'),
  ...pixel('identify', '&traits.plan=pro'),
  ...pixel('group', '&groupId=g1'),
  ...pixel('alias', '&previousId=a1'),
  'GET /v1/projects/{writeKey}/settings': { target: '/v1/projects/wk_shop/settings' },
  'GET /sourceConfig': { target: '/sourceConfig?writeKey=wk_shop' },
  'POST /v1/m': { target: '/v1/m', body: { series: [] }, answer: DONE },
  ...question('timeseries', 'metric=people&interval=day&from=2d&by=country&limit=1'),
  ...question('top', 'field=page_path&event=page&from=24h&limit=3', {
    field: 'properties.category',
    events: ['Product Added'],
    filters: [{ field: 'country', op: 'in', value: ['DE', 'AT'] }],
  }),
  ...question(
    'breakdown',
    'metric=sum&of=properties.revenue&event=Order%20Completed&by=country&by=device_type',
  ),
  ...question('funnel', 'step=page&step=Product%20Viewed&step=Order%20Completed&window=1h', {
    steps: [
      { event: 'page', filters: [{ field: 'page_path', op: 'is', value: '/pricing' }] },
      { event: 'Signed Up', filters: [] },
    ],
    window: '7d',
  }),
  ...question('retention', 'first=Signed%20Up&returning=page&interval=week&from=2026-11-02&periods=2'),
  ...question('paths', 'at=/pricing&depth=2&limit=2'),
  ...question('sessions', 'by=entry_page&limit=1'),
  ...question('people', 'search=ada&from=4w'),
  ...question('live', 'limit=1'),
  ...question('freshness', ''),
  ...question('books', 'from=1d'),
  'GET /v1/live': {
    target: '/v1/live?filter=country:is:DE',
    headers: { ...READ, Accept: 'text/event-stream' },
  },
  'GET /v1/live/windows': { target: '/v1/live/windows?name=active_visitors&from=30m', headers: READ },
  'GET /v1/lake/manifest': {
    target: '/v1/lake/manifest',
    headers: READ,
    answer: { version: 1, source: 'shop', updatedAt: TIME, files: [] },
  },
  'GET /v1/lake/files/{date}/{hour}/{file}': {
    target: '/v1/lake/files/date=2026-11-22/hour=10/bucket-0.parquet',
    headers: { ...READ, Range: 'bytes=0-3' },
  },
  'GET /v1/lake/download': {
    target: '/v1/lake/download?from=7d&format=csv&filter=country:is:DE',
    headers: READ,
  },
  'POST /v1/lake/download': {
    target: '/v1/lake/download',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'token=rt_shop&from=7d&format=csv',
  },
  'POST /v1/replay': {
    target: '/v1/replay',
    headers: SECRET,
    body: {
      events: [
        {
          raw: '{"type":"track","event":"Signed Up","userId":"u1"}',
          messageId: 'edba7fc3dfcb549acce9491f0e4f46d1',
          receivedAt: TIME,
          route: 'batch',
        },
      ],
    },
    answer: { success: true, accepted: 1, receipts: [] },
  },
  'PUT /v1/lookups/{name}': {
    target: '/v1/lookups/products',
    headers: SECRET,
    body: { key: 'sku', rows: { 'T-1': { brand: 'Acme', margin: 0.4 } } },
    answer: { success: true, name: 'products', rows: 1, version: '3c6e0b8a9c15224a' },
  },
  'GET /v1/dead': {
    target: '/v1/dead?limit=10',
    headers: SECRET,
    answer: {
      success: true,
      letters: [
        { key: 'dead/2026-11-22/7d9f.json', source: 'shop', error: 'no answer', bytes: 2140, storedAt: TIME },
      ],
    },
  },
  'POST /v1/dead/replay': {
    target: '/v1/dead/replay',
    headers: SECRET,
    body: { keys: ['dead/2026-11-22/7d9f.json'] },
    answer: {
      success: true,
      replayed: 1,
      notFound: 0,
      failed: 0,
      results: [{ key: 'dead/2026-11-22/7d9f.json', status: 'replayed' }],
    },
  },
  'GET /v1/dead/{key}': { target: '/v1/dead/2026-11-22/7d9f.json', headers: SECRET },
  'GET /v1/spill': {
    target: '/v1/spill',
    headers: SECRET,
    answer: { success: true, objects: 0, bytes: 0, spilled: [] },
  },
  'POST /v1/spill/drain': {
    target: '/v1/spill/drain',
    headers: SECRET,
    answer: { success: true, objects: 12, messages: 12, left: 0 },
  },
  'GET /metrics': { target: '/metrics', headers: { Authorization: 'Bearer metrics_shop' } },
  'GET /health': { target: '/health', answer: { status: 'ok' } },
  'GET /openapi.json': { target: '/openapi.json' },
}
