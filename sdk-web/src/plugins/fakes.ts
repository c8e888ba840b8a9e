/** A client and a window for the tests of plugins: they keep what is done to them, and pass on what a test makes happen. */

import type { Consent, ConsentState, MillraceEvents } from '../api.ts'
import type { Page, PluginClient } from './plugin.ts'

type Listener = (...args: unknown[]) => void

/** A client that records nothing; `tracked` holds the calls, as name and properties the way JSON has them. */
export function createFakeClient(anonymousId: string | undefined = 'visitor') {
  const listeners = new Map<string, Set<Listener>>()
  const tracked: [event: string, properties: Record<string, unknown>][] = []
  const consents: (Consent | ConsentState)[] = []
  const state: { anonymousId: string | undefined } = { anonymousId }
  const client: PluginClient = {
    track: (event, properties) => tracked.push([event, JSON.parse(JSON.stringify(properties))]),
    consent: (change) => consents.push(change),
    setAnonymousId(id) {
      state.anonymousId = id
    },
    user: () => ({ id: () => undefined, anonymousId: () => state.anonymousId, traits: () => ({}) }),
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      const added = listener as unknown as Listener
      listeners.set(name, set.add(added))
      return () => set.delete(added)
    },
  }
  function emit<Name extends keyof MillraceEvents>(name: Name, ...args: MillraceEvents[Name]): void {
    for (const listener of listeners.get(name) ?? []) listener(...args)
  }
  return { client, tracked, consents, state, emit }
}

/** A window that is an EventTarget with the given fields; `dispatch` makes an event with fields happen in it. */
export function createFakePage<Fields extends object>(fields: Fields) {
  const page = Object.assign(new EventTarget(), fields)
  function dispatch(type: string, eventFields: Record<string, unknown> = {}): void {
    const event = new Event(type)
    for (const [key, value] of Object.entries(eventFields)) Object.defineProperty(event, key, { value })
    page.dispatchEvent(event)
  }
  return { window: page as unknown as Page, fields: page as Fields, dispatch }
}

/**
 * An element that matches the selectors named, with attributes. `data-millrace-*` are in its `dataset` as well.
 */
export function createFakeElement(selectors: string[], attributes: Record<string, string> = {}) {
  const dataset: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('data-')) {
      dataset[name.slice(5).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())] = value
    }
  }
  const known = [...selectors, ...Object.keys(attributes).map((name) => `[${name}]`)]
  return {
    dataset,
    baseURI: 'https://shop.example/list',
    textContent: '',
    matches: (selector: string) => selector.split(',').some((each) => known.includes(each)),
    getAttribute: (name: string) => attributes[name] ?? null,
    setAttribute(name: string, value: string) {
      attributes[name] = value
    },
    hasAttribute: (name: string) => name in attributes,
    closest: (): unknown => null,
    querySelector: (): unknown => null,
    contains: (): boolean => false,
    getRootNode: (): unknown => ({}),
  }
}
