/** What is in the cart, kept for the tab. */

import { findProduct } from './products.js'

const KEY = 'demo.cart'

/** @typedef {{ product: import('./products.js').Product, quantity: number }} Line */

/** @returns {Line[]} */
export function readCart() {
  try {
    const quantities = Object.entries(JSON.parse(sessionStorage.getItem(KEY) ?? '{}'))
    return quantities.flatMap(([id, quantity]) => {
      const product = findProduct(id)
      return product ? [{ product, quantity: Number(quantity) }] : []
    })
  } catch {
    return [] // storage is refused, or something else is in it
  }
}

/** Adds to the quantity of a product, or takes the line away when nothing is left. @param {string} id @param {number} change */
export function changeCart(id, change) {
  const quantities = Object.fromEntries(readCart().map(({ product, quantity }) => [product.id, quantity]))
  const quantity = (quantities[id] ?? 0) + change
  if (quantity > 0) quantities[id] = quantity
  else delete quantities[id]
  writeCart(quantities)
}

export function emptyCart() {
  writeCart({})
}

/** @param {Line[]} lines */
export function totalCents(lines) {
  return lines.reduce((sum, { product, quantity }) => sum + product.cents * quantity, 0)
}

/** @param {Line[]} lines */
export function countItems(lines) {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0)
}

/** @param {Record<string, number>} quantities */
function writeCart(quantities) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(quantities))
  } catch {
    // Storage is refused: the cart stays empty, and the shop can still be looked at.
  }
}
