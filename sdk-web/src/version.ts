/** The version of this package. */

/** Put in by the build, from package.json. */
declare const MILLRACE_VERSION: string | undefined

/** Version of the package, as in package.json; `dev` when run from source. */
export const VERSION = typeof MILLRACE_VERSION === 'string' ? MILLRACE_VERSION : 'dev'
