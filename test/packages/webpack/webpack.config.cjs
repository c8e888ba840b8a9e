const { DefinePlugin } = require('webpack')

/** Each entry is a page of its own; see what is in it. */
module.exports = {
  mode: 'production',
  entry: {
    modules: './src/modules.js',
    required: './src/required.cjs',
    unused: './src/unused.js',
    script: './src/script.js',
  },
  plugins: [new DefinePlugin({ ENDPOINT: JSON.stringify(process.env.MILLRACE_ENDPOINT) })],
}
