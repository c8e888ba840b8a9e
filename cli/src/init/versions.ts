/** Versions of the tools that a new project installs: those that this release is tested with, as a test sees to. */

/** Names of npm packages and their exact versions. */
export const TOOL_VERSIONS = {
  chdb: '3.4.0',
  typescript: '7.0.2',
  wrangler: '4.155.0',
} as const
