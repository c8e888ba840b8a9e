/** Builds elements. Text is always set as text: what events say is never read as HTML. */

/** What an element gets beside its children; `undefined` and `false` leave an attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

type Child = Node | string | undefined

/** An element of HTML. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** An element of SVG. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  setAttributes(element, attributes)
  element.append(...children)
  return element
}

/** Sets a text where it differs, so that a selection in it lasts while nothing changes. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A button that does something. */
export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, text)
  element.addEventListener('click', onClick)
  return element
}

/**
 * As many children as there are items, kept from one time to the next: `make` builds one, `update` shows an item in it.
 */
export function fill<Item, Part>(
  parent: Element,
  items: readonly Item[],
  parts: WeakMap<Element, Part>,
  make: () => readonly [Element, Part],
  update: (part: Part, item: Item, index: number) => void,
): void {
  while (parent.children.length > items.length) parent.lastElementChild?.remove()
  items.forEach((item, index) => {
    let element: Element | undefined = parent.children[index]
    let part = element === undefined ? undefined : parts.get(element)
    if (element === undefined || part === undefined) {
      ;[element, part] = make()
      parts.set(element, part)
      parent.append(element)
    }
    update(part, item, index)
  })
}

/** The element of the page with that id. */
export function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element as Kind
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  }
}
