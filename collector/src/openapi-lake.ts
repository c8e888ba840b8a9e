/** The part of the OpenAPI description that is about the lake. */

import { DOWNLOAD_FORMATS } from './lake/download-request.ts'
import { MEDIA_TYPES } from './lake/media-types.ts'
import { errorAnswers, inPath, inQuery, type Json } from './openapi-parts.ts'

const SOURCE = inQuery('source', 'Name of the source that the token must belong to')

const text = (description: string): Json => ({ description, schema: { type: 'string' } })

/** Headers of an object as it is stored. */
const STORED_HEADERS: Json = {
  ETag: text('Changes with the content'),
  'Last-Modified': text('When it was written'),
  'Accept-Ranges': text('bytes'),
}

const PART: Json = {
  description: 'The bytes of Range',
  headers: { ...STORED_HEADERS, 'Content-Range': text('Which bytes, of how many') },
}

const CURRENT: Json = {
  description: 'The version of If-None-Match is the current one',
  headers: STORED_HEADERS,
}

/** The fields of a download, by query or form. */
const DOWNLOAD_FIELDS: Readonly<Record<string, [description: string, schema: Json]>> = {
  from: [
    'Of `timestamp`: a time in ISO 8601, or a duration before `to` or now. Default: the beginning',
    { type: 'string' },
  ],
  to: ['Exclusive; likewise. Default: the end', { type: 'string' }],
  format: ['Of the file', { enum: [...DOWNLOAD_FORMATS], default: 'ndjson' }],
  filter: [
    'A condition as field:op:value; may be given several times',
    { type: 'array', items: { type: 'string' } },
  ],
}

/**
 * The paths of the lake.
 *
 * @param security where a read token is taken
 */
export function describeLake(security: readonly Json[]): Json {
  const shared = (summary: string) => ({ summary: `${summary}. Needs the read token`, security })
  return {
    '/v1/lake/manifest': {
      get: {
        ...shared('The list of the published files of the source, with their rows, times and SHA-256'),
        parameters: [SOURCE],
        responses: {
          200: { description: 'The manifest', content: { 'application/json': { schema: MANIFEST } } },
          206: { ...PART, content: { 'application/json': {} } },
          304: CURRENT,
          ...errorAnswers([401, 403, 405, 412, 416, 500, 503]),
        },
      },
    },
    '/v1/lake/files/{date}/{hour}/{file}': {
      get: {
        ...shared('A published file, whole or a range of it; HEAD tells its size and version'),
        parameters: [
          inPath('date', 'date=YYYY-MM-DD'),
          inPath('hour', 'hour=HH'),
          inPath('file', 'bucket-N.parquet'),
          SOURCE,
        ],
        responses: {
          200: { description: 'The file', headers: STORED_HEADERS, content: { [MEDIA_TYPES.parquet]: {} } },
          206: { ...PART, content: { [MEDIA_TYPES.parquet]: {} } },
          304: CURRENT,
          ...errorAnswers([401, 403, 404, 405, 412, 416, 500, 503]),
        },
      },
    },
    '/v1/lake/download': {
      get: {
        ...shared('The events of a range of time as one file'),
        parameters: [
          ...Object.entries(DOWNLOAD_FIELDS).map(([name, [description, schema]]) =>
            inQuery(name, description, schema),
          ),
          SOURCE,
        ],
        responses: { 200: DOWNLOADED, ...errorAnswers([400, 401, 403, 405, 500, 503]) },
      },
      post: {
        ...shared('The same by a form, which may have the read token in its field `token`'),
        security: [...security, {}],
        requestBody: {
          required: true,
          content: { 'application/x-www-form-urlencoded': { schema: describeForm() } },
        },
        responses: { 200: DOWNLOADED, ...errorAnswers([400, 401, 403, 405, 413, 415, 500, 503]) },
      },
    },
  }
}

function describeForm(): Json {
  const fields = Object.entries(DOWNLOAD_FIELDS).map(([name, [description, schema]]) => [
    name,
    { ...schema, description },
  ])
  const token = { type: 'string', description: 'The read token of the source' }
  return { type: 'object', properties: { ...Object.fromEntries(fields), source: SOURCE['schema'], token } }
}

const DOWNLOADED: Json = {
  description: 'The file; the connection is cut when it cannot be ended',
  headers: { 'Content-Disposition': text('The name of the file') },
  content: Object.fromEntries(Object.values(MEDIA_TYPES).map((type) => [type, {}])),
}

const MANIFEST: Json = {
  type: 'object',
  required: ['version', 'source', 'updatedAt', 'files'],
  properties: {
    version: { const: 1 },
    source: { type: 'string' },
    updatedAt: { type: 'string', format: 'date-time' },
    files: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'rows', 'bytes', 'minTime', 'maxTime', 'sha256', 'idSum', 'buckets'],
        properties: {
          path: { type: 'string', description: 'events/source=…/date=…/hour=…/bucket-N.parquet' },
          rows: { type: 'integer' },
          bytes: { type: 'integer' },
          minTime: { type: 'string', format: 'date-time', description: 'Of `timestamp`' },
          maxTime: { type: 'string', format: 'date-time', description: 'Of `timestamp`' },
          sha256: { type: 'string' },
          idSum: { type: 'string', description: 'Sum of the hashes of its message ids' },
          buckets: { type: 'integer', description: 'Over how many files its hour is spread' },
          withoutClock: { type: 'integer', description: 'Rows whose client did not say when' },
          schemaVersion: { type: 'integer' },
        },
      },
    },
  },
}
