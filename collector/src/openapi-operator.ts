/** The part of the OpenAPI description that is about dead letters and the spill, for operators. */

import { LETTER_KINDS } from '@millrace/schemas'
import { z } from 'zod'
import { errorAnswers, inPath, inQuery, type Json, json, ref, SECRET_KEY, schemaOf } from './openapi-parts.ts'
import { DeadReplayBodySchema, MAX_PAGE_LETTERS, MAX_REPLAY_LETTERS } from './routes/dead-letters.ts'
import { METRICS_CONTENT_TYPE } from './routes/metrics.ts'

const OF_SOURCE = inQuery('source', 'Name of the source that the key must belong to')

/** Of the deployment, not of a source. */
export const METRICS_TOKEN_SCHEMES = {
  metricsToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The Worker secret METRICS_TOKEN, or the one that the configuration names',
  },
}

/** The paths. */
export function describeOperatorPaths(): Json {
  return {
    '/metrics': {
      get: {
        summary: 'How the deployment is, for Prometheus: of all sources. 404 while no token is set',
        security: [{ metricsToken: [] }],
        responses: {
          200: {
            description: 'The text format 0.0.4',
            content: { [METRICS_CONTENT_TYPE]: { schema: { type: 'string' } } },
          },
          ...errorAnswers([401, 404, 405, 503]),
        },
      },
    },
    '/v1/dead': {
      get: {
        summary:
          'Dead letters of the source, by the day they died, the oldest day first, then parts of its lake. Needs the secret key',
        security: SECRET_KEY,
        parameters: [
          inQuery('after', '`next` of the page before'),
          inQuery('limit', 'Most letters of the page', LIMIT),
          OF_SOURCE,
        ],
        responses: {
          200: json('A page; it may be empty and have a next one', ref('DeadLetterPage')),
          ...errorAnswers([400, 401, 403, 405, 500, 503]),
        },
      },
    },
    '/v1/dead/replay': {
      post: {
        summary: `Sends dead letters to all sinks again, at most ${MAX_REPLAY_LETTERS}. Needs the secret key`,
        security: SECRET_KEY,
        parameters: [OF_SOURCE],
        requestBody: { required: true, content: { 'application/json': { schema: ref('DeadReplay') } } },
        responses: {
          200: json('What became of each; it may be failed for all', ref('DeadReplayed')),
          ...errorAnswers([400, 401, 403, 405, 413, 415, 500, 503]),
        },
      },
    },
    '/v1/dead/{key}': {
      get: {
        summary: 'One dead letter with what is in it. Needs the secret key',
        security: SECRET_KEY,
        parameters: [inPath('key', 'Of the letter, without its beginning dead/; it has slashes'), OF_SOURCE],
        responses: {
          200: json('The letter', ref('DeadLetterAnswer')),
          ...errorAnswers([401, 403, 404, 405, 500, 503]),
        },
      },
    },
    '/v1/spill': {
      get: {
        summary:
          'What waits in the bucket because the queue did not take it, of all sources. Needs a secret key',
        security: SECRET_KEY,
        parameters: [inQuery('after', '`next` of the page before'), OF_SOURCE],
        responses: {
          200: json('A page, the oldest first; the sums are of the page', ref('SpillPage')),
          ...errorAnswers([400, 401, 403, 405, 500, 503]),
        },
      },
    },
    '/v1/spill/drain': {
      post: {
        summary: 'Sends it to the queue now, for some 20 seconds. Needs a secret key',
        security: SECRET_KEY,
        parameters: [OF_SOURCE],
        responses: {
          200: json('What was sent and what is left', ref('SpillDrained')),
          ...errorAnswers([401, 403, 405, 500, 503]),
        },
      },
    },
  }
}

const LIMIT = { type: 'integer', minimum: 1, maximum: MAX_PAGE_LETTERS, default: 100 }

const success = z.literal(true)

const next = z.string().optional().describe('For the page behind it; absent on the last')

const DeadLetterSchema = z.object({
  key: z.string(),
  kind: z
    .enum([...LETTER_KINDS, 'part'])
    .optional()
    .describe('Absent where it is not known'),
  source: z.string().optional().describe('Absent where nobody can read whose it is'),
  sink: z.string().optional(),
  error: z.string(),
  messageId: z.string().optional().describe('Id that it had on the queue'),
  events: z.int().optional(),
  bytes: z.int(),
  storedAt: z.iso.datetime(),
})

const DeadReplayedSchema = z.object({
  success,
  replayed: z.int(),
  notFound: z.int(),
  failed: z.int(),
  results: z.array(
    z.object({
      key: z.string(),
      status: z.enum(['replayed', 'not_found', 'failed']),
      error: z.string().optional(),
    }),
  ),
})

const SpillPageSchema = z.object({
  success,
  objects: z.int(),
  bytes: z.int(),
  oldestAt: z.iso.datetime().optional(),
  spilled: z.array(z.object({ key: z.string(), bytes: z.int(), spilledAt: z.iso.datetime().optional() })),
  next,
})

const SpillDrainedSchema = z.object({
  success,
  objects: z.int().describe('On the queue whole by now'),
  messages: z.int(),
  left: z.int().optional().describe('Objects, counted up to 1,000; absent when the bucket did not say'),
  oldestLeftMs: z.int().optional(),
  error: z.string().optional().describe('Why it ended before its time'),
})

/** The components that they refer to. */
export function describeOperatorSchemas(): Json {
  return {
    DeadLetter: schemaOf(DeadLetterSchema),
    DeadLetterPage: {
      type: 'object',
      required: ['success', 'letters'],
      properties: {
        success: { const: true },
        letters: { type: 'array', items: ref('DeadLetter') },
        next: schemaOf(next),
      },
    },
    DeadLetterAnswer: {
      type: 'object',
      required: ['success', 'letter'],
      properties: {
        success: { const: true },
        letter: {
          allOf: [ref('DeadLetter')],
          properties: {
            envelope: {
              type: 'object',
              description:
                'The batch: its head, events, quarantined and omitted; absent where it cannot be read',
            },
          },
        },
      },
    },
    DeadReplay: schemaOf(DeadReplayBodySchema),
    DeadReplayed: schemaOf(DeadReplayedSchema),
    SpillPage: schemaOf(SpillPageSchema),
    SpillDrained: schemaOf(SpillDrainedSchema),
  }
}
