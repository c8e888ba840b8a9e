import { describe, expect, it } from 'vitest'
import { webhookHeaders } from './webhook-request.ts'

const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' }

describe('webhookHeaders', () => {
  it('signs the example of the specification as it does', async () => {
    const headers = await webhookHeaders(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    expect(headers).toEqual({
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('takes the same key as plain text', async () => {
    const bytes = 'a plain secret ü'
    const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(bytes)))
    expect(await webhookHeaders(message, bytes)).toEqual(await webhookHeaders(message, `whsec_${base64}`))
  })

  it.each(['', 'whsec_', 'whsec_%%%'])('refuses the secret %j', async (secret) => {
    await expect(webhookHeaders(message, secret)).rejects.toThrow('a webhook secret must be')
  })
})
