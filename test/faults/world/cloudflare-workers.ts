/** What production code takes of `cloudflare:workers`: the base class of a Durable Object, which keeps what it is given. */

/** As the platform has it. */
export class DurableObject<Env = unknown> {
  readonly ctx: unknown
  readonly env: Env

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx
    this.env = env
  }
}
