/**
 * The collector's app for journeys that run it in their own process, with a clock of their own. Its types are those of the
 * Worker runtime, which clash with a page's that the other journeys need: so they are declared beside this file.
 */
export { createApp } from '../../collector/src/app.ts'
export { createSources } from '../../collector/src/sources.ts'
