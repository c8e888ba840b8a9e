/** An object that does small things with its storage, for both sides; its base class is that of the side. */

/** What of the state is used. */
interface State {
  abort: (why?: string) => void
  storage: {
    sql: { exec: (statement: string, ...values: unknown[]) => { toArray: () => Record<string, unknown>[] } }
    transactionSync: <T>(run: () => T) => T
    setAlarm: (at: number) => Promise<void>
    getAlarm: () => Promise<number | null>
    deleteAlarm: () => Promise<void>
  }
}

type Base = new (ctx: never, env: never) => object

/** The class. */
export function createSubject(base: Base) {
  return class Subject extends base {
    readonly state: State
    readonly now: () => number

    constructor(ctx: never, env: { now?: () => number }) {
      super(ctx, env as never)
      this.now = env.now ?? Date.now
      this.state = ctx
      this.state.storage.sql.exec('CREATE TABLE IF NOT EXISTS rows (value TEXT)')
    }

    #add(value: string): void {
      this.state.storage.sql.exec('INSERT INTO rows VALUES (?)', value)
    }

    read(): unknown[] {
      return this.state.storage.sql
        .exec('SELECT value FROM rows ORDER BY rowid')
        .toArray()
        .map(({ value }) => value)
    }

    add(value: string): void {
      this.#add(value)
    }

    addAndThrow(value: string): void {
      this.#add(value)
      throw new Error('as asked')
    }

    addAndAbort(value: string): void {
      this.#add(value)
      this.state.abort('as asked')
    }

    /** A transaction that fails after its write, between two writes outside. */
    addAround(): void {
      this.#add('before')
      try {
        this.state.storage.transactionSync(() => {
          this.#add('within')
          throw new Error('as asked')
        })
      } catch {
        this.#add('after')
      }
    }

    /** Sets the alarm, and what it is to do: fail so often, come again so often. */
    async plan(fails: number, repeats: number, isDeleted: boolean): Promise<void> {
      for (let left = fails; left > 0; left--) this.#add('fail')
      for (let left = repeats; left > 0; left--) this.#add('repeat')
      await this.state.storage.setAlarm(this.now())
      if (isDeleted) await this.state.storage.deleteAlarm()
    }

    async planned(): Promise<boolean> {
      return (await this.state.storage.getAlarm()) !== null
    }

    async alarm(): Promise<void> {
      const isSet = (await this.state.storage.getAlarm()) !== null
      const [next] = this.read().filter((value) => value === 'fail' || value === 'repeat')
      this.state.storage.sql.exec(
        'DELETE FROM rows WHERE rowid = (SELECT min(rowid) FROM rows WHERE value = ?)',
        String(next),
      )
      this.#add(isSet ? 'rang, still set' : 'rang')
      if (next === 'fail') throw new Error('as asked')
      if (next === 'repeat') await this.state.storage.setAlarm(this.now())
    }
  }
}

/** Calls a method of an object that no other script has; what it throws is given as `threw`. */
export interface ObjectContext {
  call: (method: string, ...args: unknown[]) => Promise<unknown>
  sleep: (ms: number) => Promise<void>
}

/** An alarm that failed comes again within so long. */
const RING_MS = 4_000

/** By name; the names say what holds. */
export const OBJECT_SCRIPTS: Record<string, (context: ObjectContext) => Promise<unknown>> = {
  async 'a transaction that throws takes back its own writes alone'({ call }) {
    await call('addAround')
    return call('read')
  },
  async 'a method that throws keeps what it wrote'({ call }) {
    return [await call('addAndThrow', 'a'), await call('read')]
  },
  async 'abort loses what was not confirmed, and the next call finds a new object'({ call, sleep }) {
    await call('add', 'a')
    await sleep(200)
    return [await call('addAndAbort', 'b'), await call('read')]
  },
  async 'what was answered outlives an abort'({ call, sleep }) {
    await call('add', 'a')
    await call('add', 'b')
    await sleep(200)
    await call('addAndAbort', 'c')
    return call('read')
  },
  async 'an alarm rings once, and is not set meanwhile'({ call, sleep }) {
    await call('plan', 0, 0, false)
    await sleep(RING_MS)
    return [await call('read'), await call('planned')]
  },
  async 'an alarm that throws comes again, and keeps what it wrote'({ call, sleep }) {
    await call('plan', 1, 0, false)
    await sleep(2 * RING_MS)
    return [await call('read'), await call('planned')]
  },
  async 'an alarm that sets itself rings again'({ call, sleep }) {
    await call('plan', 0, 2, false)
    await sleep(RING_MS)
    return call('read')
  },
  async 'an alarm that is deleted does not ring'({ call, sleep }) {
    await call('plan', 0, 0, true)
    await sleep(RING_MS)
    return [await call('read'), await call('planned')]
  },
}
