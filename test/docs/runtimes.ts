/** What examples use of runtimes other than Node and browsers, as far as they use it. */

/** Text of a file of declarations. */
export const RUNTIMES = `
interface ExecutionContext { waitUntil(promise: Promise<unknown>): void }
declare const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): unknown }
declare const Bun: { serve(options: { fetch(request: Request): Response | Promise<Response> }): unknown }
`
