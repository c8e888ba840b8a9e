/** Runs steps on files, and tells what went wrong in words: `cannot write /data/out.csv: no space left on device`. */

/** Runs a step on a file. What is not there gives `missing`, where one is given. */
export type FileStep = <T, Missing = never>(
  verb: string,
  path: string,
  step: () => Promise<T>,
  ...missing: [] | [Missing]
) => Promise<T | Missing>

/**
 * Creates it for the errors of one caller. What is no error of the file system is thrown as it is.
 *
 * @param Failure class of what is thrown, with the file system's error as its cause
 */
export function createFileStep(Failure: new (message: string, options: ErrorOptions) => Error): FileStep {
  return async (verb, path, step, ...missing) => {
    try {
      return await step()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const [instead] = missing
      if (code === 'ENOENT' && missing.length > 0) return instead as NonNullable<typeof instead>
      if (code === undefined) throw error
      // Node's messages are "ENOSPC: no space left on device, write".
      const [, why = message] = /^E\w+: (.*?)(?:, \w+.*)?$/.exec(message) ?? []
      throw new Failure(`cannot ${verb} ${path}: ${why}`, { cause: error })
    }
  }
}
