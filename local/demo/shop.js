/** The demo shop: one page, views by the address, events as Segment's ecommerce specification names them. */

import { changeCart, countItems, emptyCart, readCart, totalCents } from './cart.js'
import { drawProduct, findProduct, PRODUCTS } from './products.js'
import { identify, page, startDrawer, track } from './tracked.js'

const BASE = '/demo'
const CURRENCY = 'EUR'
const ORDER_KEY = 'demo.order'

let shownPath = ''
const main = /** @type {HTMLElement} */ (document.querySelector('main'))

/**
 * @typedef {object} View
 * @property {string} name for `page()`
 * @property {string} title
 * @property {string} html
 * @property {() => void} [viewed] the events that seeing it means
 */

/** @param {string} path @returns {View} */
function viewOf(path) {
  const [, section = '', id = ''] = path.slice(BASE.length).split('/')
  const product = section === 'product' ? findProduct(id) : undefined
  if (product) return productView(product)
  if (section === 'cart') return cartView()
  if (section === 'checkout') return checkoutView()
  if (section === 'thanks') return thanksView()
  if (section === '' || section === 'index.html') return listView()
  return missingView()
}

function listView() {
  return {
    name: 'Product List',
    title: 'Everything',
    html: `
      <section class="hero">
        <h1 tabindex="-1">Good things,<br>made by the river</h1>
        <p class="lead">Look around, fill the cart, check out. Nothing is sold here: every step becomes an event on its way to ClickHouse.</p>
      </section>
      <ul class="grid" data-testid="product-list">${PRODUCTS.map(cardHtml).join('')}</ul>`,
    viewed: () =>
      track('Product List Viewed', {
        list_id: 'everything',
        products: PRODUCTS.map((product, index) => ({ ...describe(product), position: index + 1 })),
      }),
  }
}

/** @param {import('./products.js').Product} product */
function cardHtml(product) {
  return `
    <li>
      <a class="card" href="${BASE}/product/${product.id}" data-testid="product-${product.id}">
        <span class="art ${product.hue}">${drawProduct(product)}</span>
        <span class="card-text">
          <span class="card-name">${product.name}</span>
          <span class="price">${euros(product.cents)}</span>
          <span class="muted">${product.category}</span>
        </span>
      </a>
    </li>`
}

/** @param {import('./products.js').Product} product */
function productView(product) {
  return {
    name: 'Product',
    title: product.name,
    html: `
      <a class="back" href="${BASE}/">← Everything</a>
      <article class="product" data-testid="product-page">
        <div class="art ${product.hue}">${drawProduct(product)}</div>
        <div class="product-text">
          <p class="eyebrow">${product.category}</p>
          <h1 tabindex="-1">${product.name}</h1>
          <p class="lead">${product.line}</p>
          <p class="price large">${euros(product.cents)} <span class="muted">incl. VAT</span></p>
          <div class="actions">
            <button class="button" data-action="add" data-id="${product.id}" data-testid="add-to-cart">Add to cart</button>
            <a class="button quiet" href="${BASE}/cart" data-testid="go-to-cart">Go to cart</a>
          </div>
          <p class="said" role="status" data-testid="said"></p>
        </div>
      </article>`,
    viewed: () => track('Product Viewed', { ...describe(product), quantity: 1 }),
  }
}

function cartView() {
  const lines = readCart()
  return {
    name: 'Cart',
    title: 'Cart',
    html:
      lines.length === 0
        ? `<section class="empty">
            <h1 tabindex="-1">Your cart is empty</h1>
            <p class="lead">There are eight good reasons to change that.</p>
            <a class="button" href="${BASE}/" data-testid="continue-shopping">See everything</a>
          </section>`
        : `<h1 tabindex="-1">Your cart</h1>
          <div class="columns">
            <ul class="lines" data-testid="cart-lines">${lines.map(lineHtml).join('')}</ul>
            <aside class="panel">
              ${summaryHtml(lines)}
              <a class="button wide" href="${BASE}/checkout" data-testid="checkout">Check out</a>
            </aside>
          </div>`,
    viewed: () => track('Cart Viewed', { products: lines.map(describeLine) }),
  }
}

/** @param {import('./cart.js').Line} line */
function lineHtml({ product, quantity }) {
  return `
    <li class="line" data-testid="cart-line-${product.id}">
      <a class="art small ${product.hue}" href="${BASE}/product/${product.id}" tabindex="-1" aria-hidden="true">${drawProduct(product)}</a>
      <div class="line-text">
        <a href="${BASE}/product/${product.id}">${product.name}</a>
        <span class="muted">${euros(product.cents)} each</span>
        <span class="stepper">
          <button data-action="remove" data-id="${product.id}" data-testid="remove-${product.id}" aria-label="One ${product.name} less">−</button>
          <span data-testid="quantity-${product.id}">${quantity}</span>
          <button data-action="add" data-id="${product.id}" data-testid="add-${product.id}" aria-label="One ${product.name} more">+</button>
        </span>
      </div>
      <span class="price">${euros(product.cents * quantity)}</span>
    </li>`
}

/** @param {import('./cart.js').Line[]} lines */
function summaryHtml(lines) {
  return `
    <dl class="sums">
      <div><dt>${countItems(lines)} ${countItems(lines) === 1 ? 'item' : 'items'}</dt><dd>${euros(totalCents(lines))}</dd></div>
      <div><dt>Shipping</dt><dd>free</dd></div>
      <div class="total"><dt>Total</dt><dd data-testid="total">${euros(totalCents(lines))}</dd></div>
    </dl>`
}

function checkoutView() {
  const lines = readCart()
  if (lines.length === 0) return cartView()
  return {
    name: 'Checkout',
    title: 'Checkout',
    html: `
      <a class="back" href="${BASE}/cart">← Cart</a>
      <h1 tabindex="-1">Checkout</h1>
      <div class="columns">
        <form class="panel" data-testid="checkout-form">
          <label>Name <input name="name" autocomplete="name" required maxlength="80" data-testid="name"></label>
          <label>Email <input name="email" type="email" autocomplete="email" required maxlength="120" data-testid="email"></label>
          <p class="muted">Any name will do; it becomes the traits of an <code>identify</code> call.</p>
          <button class="button wide" data-testid="place-order">Place order for ${euros(totalCents(lines))}</button>
        </form>
        <aside class="panel">
          <ul class="brief">${lines
            .map(
              ({ product, quantity }) =>
                `<li><span>${quantity} × ${product.name}</span><span>${euros(product.cents * quantity)}</span></li>`,
            )
            .join('')}</ul>
          ${summaryHtml(lines)}
        </aside>
      </div>`,
    viewed: () => track('Checkout Started', describeOrder(lines)),
  }
}

function thanksView() {
  const order = readOrder()
  return {
    name: 'Thanks',
    title: 'Thank you',
    html: `
      <section class="empty" data-testid="thanks">
        <span class="tick" aria-hidden="true">✓</span>
        <h1 tabindex="-1">Thank you${order ? `, ${escapeHtml(order.name)}` : ''}!</h1>
        <p class="lead">${
          order
            ? `Order <strong data-testid="order-id">${escapeHtml(order.id)}</strong> is complete, as an event. Open <em>Tracked</em> to see what was sent, and how to find it in ClickHouse.`
            : 'There is no order in this tab yet.'
        }</p>
        <a class="button" href="${BASE}/" data-testid="continue-shopping">Back to the shop</a>
      </section>`,
  }
}

function missingView() {
  return {
    name: 'Not Found',
    title: 'Not found',
    html: `
      <section class="empty">
        <h1 tabindex="-1">Nothing here</h1>
        <p class="lead">This page has floated downstream.</p>
        <a class="button" href="${BASE}/" data-testid="continue-shopping">See everything</a>
      </section>`,
  }
}

/** Shows the view of the present address, and tells Millrace. */
function show() {
  shownPath = location.pathname
  const view = viewOf(location.pathname)
  document.title = `${view.title} · The Mill Shop`
  main.innerHTML = view.html
  updateCartCount()
  page('Shop', view.name)
  view.viewed?.()
}

/** @param {string} path */
function go(path) {
  history.pushState({}, '', path)
  show()
  scrollTo(0, 0)
  main.querySelector('h1')?.focus({ preventScroll: true }) // a screen reader announces the new view
}

function updateCartCount() {
  const count = countItems(readCart())
  const badge = /** @type {HTMLElement} */ (document.querySelector('#cart-count'))
  badge.textContent = String(count)
  badge.hidden = count === 0
}

/** @param {string} action @param {string} id */
function changeLine(action, id) {
  const product = findProduct(id)
  if (!product) return
  changeCart(id, action === 'add' ? 1 : -1)
  track(action === 'add' ? 'Product Added' : 'Product Removed', { ...describe(product), quantity: 1 })
  updateCartCount()
  const said = main.querySelector('.said')
  if (said) {
    said.textContent = `${product.name} is in your cart.`
  } else {
    main.innerHTML = cartView().html
    const again = main.querySelector(`[data-action="${action}"][data-id="${id}"]`) ?? main.querySelector('h1')
    if (again instanceof HTMLElement) again.focus()
  }
}

/** @param {FormData} form */
function placeOrder(form) {
  const lines = readCart()
  const email = String(form.get('email')).trim().toLowerCase()
  const name = String(form.get('name')).trim()
  const order = { id: `order-${Date.now().toString(36)}`, name }
  identify(userIdOf(email), { email, name })
  track('Order Completed', { order_id: order.id, ...describeOrder(lines) })
  emptyCart()
  writeOrder(order)
  go(`${BASE}/thanks`)
}

/** A product as the specification has it; prices in units of the currency. @param {import('./products.js').Product} product */
function describe(product) {
  return {
    product_id: product.id,
    sku: `MILL-${product.id.toUpperCase()}`,
    name: product.name,
    category: product.category,
    brand: 'The Mill Shop',
    price: product.cents / 100,
    currency: CURRENCY,
    url: `${location.origin}${BASE}/product/${product.id}`,
  }
}

/** @param {import('./cart.js').Line} line */
function describeLine({ product, quantity }) {
  return { ...describe(product), quantity }
}

/** @param {import('./cart.js').Line[]} lines */
function describeOrder(lines) {
  const value = totalCents(lines) / 100
  return { value, revenue: value, shipping: 0, currency: CURRENCY, products: lines.map(describeLine) }
}

/** The same id for the same address, which cannot be read from it (FNV-1a). A real shop has a real id. @param {string} email */
function userIdOf(email) {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(email)) hash = Math.imul(hash ^ byte, 0x01000193)
  return `customer-${(hash >>> 0).toString(16).padStart(8, '0')}`
}

/** @returns {{ id: string, name: string } | undefined} */
function readOrder() {
  try {
    return JSON.parse(sessionStorage.getItem(ORDER_KEY) ?? 'null') ?? undefined
  } catch {
    return undefined // storage is refused
  }
}

/** @param {{ id: string, name: string }} order */
function writeOrder(order) {
  try {
    sessionStorage.setItem(ORDER_KEY, JSON.stringify(order))
  } catch {
    // Storage is refused: the thank-you page stays without a number.
  }
}

/** @param {number} cents */
function euros(cents) {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency: CURRENCY }).format(cents / 100)
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

document.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target : null
  const button = target?.closest('[data-action]')
  if (button instanceof HTMLElement) changeLine(button.dataset.action ?? '', button.dataset.id ?? '')
  const link = target?.closest(`a[href^="${BASE}/"]`)
  const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button)
  if (link instanceof HTMLAnchorElement && isPlain) {
    event.preventDefault()
    go(link.pathname)
  }
})

document.addEventListener('submit', (event) => {
  event.preventDefault()
  if (event.target instanceof HTMLFormElement) placeOrder(new FormData(event.target))
})

// A jump within the page, by the skip link, is no new view.
addEventListener('popstate', () => {
  if (location.pathname !== shownPath) show()
})

startDrawer()
show()
