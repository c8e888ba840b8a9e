/** The paste-in snippet: keeps calls, with the moment of each, until the script has loaded. Built to at most 400 bytes. */
;((host, name) => {
  if (host[name]) return
  const q = []
  const stub = { q }
  host[name] = stub
  for (const method of 'track page screen identify group alias reset consent use on ready flush setAnonymousId'.split(
    ' ',
  )) {
    stub[method] = (...args) =>
      new Promise((resolve) => {
        // A copy, so that the page may change its objects; functions are kept as they are.
        let copy = args
        try {
          copy = args.some((arg) => arg?.call) ? args : JSON.parse(JSON.stringify(args))
        } catch {}
        // No more than 1,000: the script may be blocked for good.
        q[999] || q.push([method, copy, Date.now(), location.href, document.title, resolve])
      })
  }
})(window, 'millrace')
