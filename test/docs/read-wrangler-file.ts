/** Reads a `wrangler.toml` as wrangler does, which prints what it remarks on. A program: the path in. */

import { unstable_readConfig } from 'wrangler'

unstable_readConfig({ config: process.argv[2] })
