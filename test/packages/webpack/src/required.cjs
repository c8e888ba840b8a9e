// The same in CommonJS, as older code has it.
const { createMillrace } = require('@millrace/web')
const { autocapture } = require('@millrace/web/autocapture')

const millrace = createMillrace({ writeKey: 'dev', endpoint: ENDPOINT, autoPage: true })
autocapture(millrace)
document.querySelector('#buy').addEventListener('click', () => {
  void millrace.track('Order Completed', { total: 42, built: 'required' })
})
