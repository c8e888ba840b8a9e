/**
 * Lets one run at a time change a database: two that exchange the same tables would exchange them back.
 *
 * ClickHouse has no locks, but only one of several can create a table. The holder alters the table's comment now and then;
 * who finds it untouched for half a minute takes it that the holder is gone, and puts the table aside under the holder's
 * name, which again only one of several can.
 */

import type { RunStatement } from './effects.ts'

/** The table that only one can create. */
const LOCK = 'migration_lock'

/** Seconds without a sign of life after which the holder is taken to be gone. */
const STALE_SECONDS = 30

/** Pause between two signs of life. */
const BEAT_MS = 5_000

/** Pause between two looks at a lock that another holds. */
const LOOK_MS = 500

/** Times that the lock is found neither there nor possible to create, before that is an error. */
const MAX_ABSENCES = 3

/** Options of {@link withLock}. */
export interface LockOptions {
  run: RunStatement
  /** Told once when another holds it. */
  onWait?: (() => void) | undefined
  /** Name of this run, for a part of a table's name. Default: a random one. */
  holder?: string
  /** Resolves after so many milliseconds. */
  sleep?: (durationMs: number) => Promise<void>
}

interface LockRow {
  holder: string
  age: number | string
}

/**
 * Waits for the lock, works, and gives it back, also when the work fails.
 *
 * @param work gets a function that rejects when the lock was lost: because this machine slept, say, and another took over
 */
export async function withLock<T>(
  options: LockOptions,
  work: (assertHeld: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { run, holder = crypto.randomUUID().replaceAll('-', '') } = options
  await acquire(holder, options)
  const assertHeld = async () => {
    if ((await readLock(run))?.holder !== holder)
      throw new Error('another run took over, because this one gave no sign of life for half a minute')
  }
  const timer = setInterval(() => {
    // A beat that fails is no matter: the next one may not, and before each statement it is looked who holds the lock.
    assertHeld()
      .then(() => run(`ALTER TABLE ${LOCK} MODIFY COMMENT '${holder}'`))
      .catch(() => {})
  }, BEAT_MS)
  try {
    return await work(assertHeld)
  } finally {
    clearInterval(timer)
    // Where even that fails, the lock is stale soon.
    await release(holder, run).catch(() => {})
  }
}

async function acquire(holder: string, { run, onWait = () => {}, sleep = wait }: LockOptions): Promise<void> {
  const create = `CREATE TABLE ${LOCK} (nothing UInt8) ENGINE = MergeTree ORDER BY nothing COMMENT '${holder}'`
  let absences = 0
  let hasTold = false
  for (;;) {
    const failure = await attempt(run, create)
    if (failure === undefined) return
    const lock = await readLock(run)
    if (lock === undefined) {
      // Given back between the two; or there is none because it cannot be created.
      absences += 1
      if (absences >= MAX_ABSENCES) throw failure
    } else if (Number(lock.age) > STALE_SECONDS) {
      await attempt(run, `RENAME TABLE ${LOCK} TO ${LOCK}_${lock.holder}`)
    } else {
      if (!hasTold) onWait()
      hasTold = true
      await sleep(LOOK_MS)
    }
  }
}

async function release(holder: string, run: RunStatement): Promise<void> {
  if ((await readLock(run))?.holder !== holder) return
  const stale = await run<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '${LOCK}_')`,
  )
  for (const { name } of stale) await run(`DROP TABLE IF EXISTS ${name} SYNC`)
  await run(`DROP TABLE IF EXISTS ${LOCK} SYNC`)
}

/** Who holds the lock, and seconds since the last sign of life; both by the clock of ClickHouse. */
async function readLock(run: RunStatement): Promise<LockRow | undefined> {
  const [lock] = await run<LockRow>(
    "SELECT comment AS holder, dateDiff('second', metadata_modification_time, now()) AS age " +
      `FROM system.tables WHERE database = currentDatabase() AND name = '${LOCK}'`,
  )
  return lock
}

/** How a statement failed, or `undefined` when it did not. */
async function attempt(run: RunStatement, sql: string): Promise<unknown> {
  try {
    await run(sql)
    return undefined
  } catch (error) {
    return error ?? new Error('failed')
  }
}

function wait(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
