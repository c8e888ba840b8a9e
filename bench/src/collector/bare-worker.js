// The least a collector can do: read the body, parse it, put its text on the queue, answer. What the collector costs is
// measured against this.

export default {
  async fetch(request, env) {
    const text = await request.text()
    JSON.parse(text)
    await env.EVENTS_QUEUE.send(text, { contentType: 'text' })
    return new Response('{"success":true}', { headers: { 'Content-Type': 'application/json' } })
  },
}
