/** The bucket of a running stack behind as much of S3's interface as reading Parquet takes. Signatures are not looked at. */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningWorker } from '../../local/src/worker.ts'

/** A server that is running. */
export interface LakeS3 {
  /** Address of the bucket, without a slash at its end. */
  url: string
  stop: () => Promise<void>
}

const BUCKET = '/millrace-lake'

/** Starts it on a free port. Source of the answers: Amazon S3 API reference, ListObjectsV2 and GetObject. */
export async function startLakeS3(worker: RunningWorker): Promise<LakeS3> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://s3')
    const key = decodeURIComponent(url.pathname.slice(BUCKET.length + 1))
    const content = key === '' ? undefined : await worker.readBytes(key)
    if (key === '') response.end(await listObjects(worker, url.searchParams.get('prefix') ?? ''))
    else if (content === undefined) response.writeHead(404).end()
    else sendRange(response, content, request.headers.range, request.method === 'HEAD')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${BUCKET}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function listObjects(worker: RunningWorker, prefix: string): Promise<string> {
  const keys = await worker.listObjects(prefix)
  const contents = await Promise.all(
    keys.map(async (key) => {
      const size = (await worker.readBytes(key))?.byteLength ?? 0
      return `<Contents><Key>${key}</Key><LastModified>2026-11-22T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>${size}</Size></Contents>`
    }),
  )
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>millrace-lake</Name><Prefix>${prefix}</Prefix><KeyCount>${keys.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
}

function sendRange(
  response: ServerResponse,
  content: Uint8Array,
  range: string | undefined,
  isHead: boolean,
): void {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  const end = last === '' ? content.byteLength : Math.min(content.byteLength, Number(last) + 1)
  const part = content.subarray(Number(first), end)
  response.writeHead(range === undefined ? 200 : 206, {
    'content-length': part.byteLength,
    'accept-ranges': 'bytes',
    etag: '"e"',
    'last-modified': 'Sun, 22 Nov 2026 00:00:00 GMT',
    'content-range': `bytes ${first}-${end - 1}/${content.byteLength}`,
  })
  response.end(isHead ? undefined : part)
}
