// A shop of ES modules, with a plugin.
import { createMillrace } from '@millrace/web'
import { autocapture } from '@millrace/web/autocapture'

const millrace = createMillrace({ writeKey: 'dev', endpoint: ENDPOINT, autoPage: true })
autocapture(millrace)
document.querySelector('#buy').addEventListener('click', () => {
  void millrace.track('Order Completed', { total: 42, built: 'modules' })
})
