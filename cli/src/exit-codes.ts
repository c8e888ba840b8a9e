/** Exit codes that the commands share. */

/** Something could not be reached, or could not be done. */
export const EXIT_FAILED = 1

/** Wrong arguments, or a file that is not there. */
export const EXIT_USAGE = 2

/** Done in part: some failed, or were refused. */
export const EXIT_SOME = 3

/** 128 and the number of SIGINT, as shells have it. */
export const EXIT_INTERRUPTED = 130
