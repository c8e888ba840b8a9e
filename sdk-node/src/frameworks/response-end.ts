/** Notices that a response of Node is out, or will never be. */

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse {
  readonly statusCode: number
  readonly headersSent: boolean
  getHeader(name: string): unknown
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/** Calls back once: with `true` when the visitor went before all was sent. A stream that is piped is not touched. */
export function onResponseEnd(response: NodeResponse, callback: (isAborted: boolean) => void): void {
  let isOver = false
  const end = (isAborted: boolean) => {
    if (isOver) return
    isOver = true
    callback(isAborted)
  }
  response.once('finish', () => end(false))
  response.once('close', () => end(true))
}

/** Status and type of the answer, as far as it was begun. */
export function readAnswer(response: NodeResponse): { status: number | undefined; contentType: string } {
  const type = response.getHeader('content-type')
  return {
    status: response.headersSent ? response.statusCode : undefined,
    contentType: typeof type === 'string' ? type : '',
  }
}
