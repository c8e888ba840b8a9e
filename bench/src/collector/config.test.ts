import { expect, test } from 'vitest'
import { buildConfig } from './config.ts'

const CONFIG = buildConfig({
  workerFile: 'worker.js',
  queuePort: 4_711,
  wrangler: {
    compatibility_date: '2026-10-20',
    compatibility_flags: ['nodejs_compat'],
    vars: { GREETING: 'say "hi"\nand \\' },
    assets: { binding: 'ASSETS' },
    queues: { producers: [{ binding: 'EVENTS_QUEUE' }] },
    r2_buckets: [{ binding: 'LAKE' }],
    durable_objects: { bindings: [{ name: 'LIVE', class_name: 'LiveAggregator' }] },
    ratelimits: [{ name: 'SOURCE_LIMIT' }],
    unsafe: { bindings: [{ name: 'CLIENT_LIMIT', type: 'ratelimit' }] },
  },
})

test.each([
  ['a variable', String.raw`(name = "GREETING", text = "say \"hi\"\nand \\")`],
  ['assets', '(name = "ASSETS", service = "stub")'],
  ['a queue', '(name = "EVENTS_QUEUE", queue = "queue")'],
  ['a bucket', '(name = "LAKE", r2Bucket = "stub")'],
  ['a Durable Object', '(name = "LIVE", durableObjectNamespace = "LiveAggregator")'],
  [
    'the class of a Durable Object',
    '(className = "LiveAggregator", uniqueKey = "LiveAggregator", enableSql = true)',
  ],
  [
    'a rate limit',
    '(name = "SOURCE_LIMIT", wrapped = (moduleName = "bench:rate-limit", innerBindings = []))',
  ],
  [
    'an unsafe one',
    '(name = "CLIENT_LIMIT", wrapped = (moduleName = "bench:rate-limit", innerBindings = []))',
  ],
  ['where queues are', '(name = "queue", external = (address = "127.0.0.1:4711", http = ()))'],
  ['compatibility', 'compatibilityFlags = ["nodejs_compat"]'],
])('config has %s', (_what, line) => {
  expect(CONFIG).toContain(line)
})
