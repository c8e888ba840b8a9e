/** The package's name and version as sent in every batch's `context.library`; a test compares them with package.json. */

/** `library` in the context of every batch. */
export const LIBRARY = { name: '@millrace/node', version: '0.1.0' } as const
