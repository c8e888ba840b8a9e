/** The part of the OpenAPI description that is about live windows. */

import { LIVE_PROTOCOL, TAIL_STATUSES } from '@millrace/schemas/live'
import { errorAnswers, inQuery, type Json } from './openapi-parts.ts'

const SOURCE = inQuery('source', 'Name of the source that the token must belong to')

const several = (description: string, schema: Json): Json => ({
  ...{ name: '', in: 'query', description },
  schema: { type: 'array', items: schema },
})

/**
 * The paths of live windows.
 *
 * @param security where a read token is taken
 */
export function describeLive(security: readonly Json[]): Json {
  const shared = (summary: string) => ({ summary: `${summary}. Needs the read token`, security })
  return {
    '/v1/live': {
      get: {
        ...shared(
          'What happens as it happens: a WebSocket, or server-sent events. A WebSocket may bring the token as the subprotocol bearer.<base64url>',
        ),
        parameters: [
          inQuery('since', 'Version of the last message, to go on from there'),
          { ...several('Only events that fulfil it, as field:op:value', { type: 'string' }), name: 'filter' },
          {
            ...several('Only events with this status', { enum: [...TAIL_STATUSES] }),
            name: 'status',
          },
          inQuery('only', 'Events alone, without windows', { const: 'events' }),
          SOURCE,
        ],
        responses: {
          101: { description: `A WebSocket of the subprotocol ${LIVE_PROTOCOL}, where it was offered` },
          200: {
            description: 'Messages: a snapshot, then changes',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...errorAnswers([400, 401, 403, 405, 500, 503]),
        },
      },
    },
    '/v1/live/windows': {
      get: {
        ...shared('The live windows as they are now, or those of one name that are kept'),
        parameters: [
          inQuery('name', 'Of a window definition'),
          inQuery('from', 'With name: a time in ISO 8601, milliseconds since 1970, or a duration before now'),
          inQuery('to', 'Exclusive; likewise'),
          SOURCE,
        ],
        responses: {
          200: { description: 'The windows', content: { 'application/json': { schema: WINDOWS } } },
          ...errorAnswers([400, 401, 403, 404, 405, 500, 503]),
        },
      },
    },
  }
}

const GROUP: Json = {
  type: 'object',
  required: ['events', 'values'],
  properties: {
    key: {
      type: 'array',
      items: { type: 'string' },
      description: 'Values of the fields that make the groups',
    },
    events: { type: 'integer' },
    values: { type: 'object', description: 'Measures by name' },
  },
}

const WINDOW: Json = {
  type: 'object',
  required: ['name', 'start', 'end', 'state', 'version', 'events', 'groups'],
  properties: {
    name: { type: 'string' },
    start: { type: 'integer', description: 'Milliseconds since 1970, inclusive' },
    end: { type: 'integer', description: 'Exclusive' },
    state: { enum: ['provisional', 'final', 'corrected'] },
    version: {
      type: 'integer',
      description: '0 while provisional, 1 when first final, one more with each correction',
    },
    events: { type: 'integer', description: 'In all groups' },
    groups: { type: 'array', items: GROUP },
    other: { ...GROUP, description: 'What is in no group of its own' },
  },
}

const WINDOWS: Json = {
  type: 'object',
  required: ['source', 'now', 'watermark', 'windows'],
  properties: {
    source: { type: 'string' },
    name: { type: 'string', description: 'With name: as it was asked for' },
    type: { const: 'snapshot', description: 'Without name' },
    version: { const: '', description: 'Without name: it cannot be resumed from' },
    now: { type: 'integer' },
    watermark: { type: 'integer', description: 'Windows that end at or before it are final' },
    windows: { type: 'array', items: WINDOW },
    definitions: { type: 'array', items: { type: 'object' }, description: 'Without name' },
    health: { type: 'object', description: 'Without name: how the pipeline is' },
    monitors: { type: 'array', items: { type: 'object' }, description: 'Without name' },
    events: {
      type: 'array',
      items: { type: 'object' },
      description: 'Without name: the last ones, oldest first',
    },
  },
}
