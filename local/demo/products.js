/** What the demo shop sells: eight things, with prices in cents and drawings as SVG. */

/**
 * @typedef {object} Product
 * @property {string} id also the last part of its address
 * @property {string} name
 * @property {string} category
 * @property {number} cents price in euro cents
 * @property {string} line one sentence
 * @property {string} hue name of its background, a class in style.css
 * @property {string} art content of an SVG of 200 by 200
 */

/** @type {Product[]} */
export const PRODUCTS = [
  {
    id: 'mug',
    name: 'Stoneware mug',
    category: 'Kitchen',
    cents: 2_400,
    line: 'Thrown by hand, glazed river blue, holds a proper 350 ml.',
    hue: 'sky',
    art: `<path d="M132 84h14a22 22 0 0 1 0 44h-14" fill="none" stroke="#33698c" stroke-width="11"/>
      <path d="M58 66h76v62a26 26 0 0 1-26 26H84a26 26 0 0 1-26-26z" fill="#4886ad"/>
      <path d="M58 66h76v22c-14 9-24-5-38 2s-24 7-38-2z" fill="#e9f1f4"/>
      <ellipse cx="96" cy="66" rx="38" ry="9" fill="#33698c"/><ellipse cx="96" cy="67" rx="31" ry="6" fill="#4a2f23"/>
      <path d="M84 48c-6-8 6-12 0-20M106 48c-6-8 6-12 0-20" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" opacity=".8"/>`,
  },
  {
    id: 'towel',
    name: 'Linen tea towel',
    category: 'Kitchen',
    cents: 1_600,
    line: 'Washed flax linen that dries glasses without a trace.',
    hue: 'rose',
    art: `<path d="M46 52h108" stroke="#8a5a3c" stroke-width="8" stroke-linecap="round"/>
      <path d="M64 52h72v98l-9 5-9-5-9 5-9-5-9 5-9-5-9 5-9-5z" fill="#fbf3ea"/>
      <path d="M64 112h72v8H64zM64 126h72v5H64zM64 100h72v5H64z" fill="#c65d5d"/>
      <path d="M64 52h72v12H64z" fill="#e8dccd"/>`,
  },
  {
    id: 'board',
    name: 'Oak bread board',
    category: 'Kitchen',
    cents: 3_900,
    line: 'One piece of oiled oak from a mill that still runs on water.',
    hue: 'sand',
    art: `<path d="M92 28h16a8 8 0 0 1 8 8v24h20a14 14 0 0 1 14 14v84a14 14 0 0 1-14 14H64a14 14 0 0 1-14-14V74a14 14 0 0 1 14-14h20V36a8 8 0 0 1 8-8z" fill="#b57b47"/>
      <path d="M64 88c20-8 44 8 72 0M62 112c26 10 50-8 76 2M64 138c22-8 46 6 72-2" fill="none" stroke="#8f5c30" stroke-width="4" stroke-linecap="round"/>
      <circle cx="100" cy="44" r="6" fill="#f3e4d0"/>`,
  },
  {
    id: 'coffee',
    name: 'Mill Race coffee',
    category: 'Pantry',
    cents: 1_450,
    line: 'Whole beans, 250 g: hazelnut, plum and a long finish.',
    hue: 'moss',
    art: `<path d="M62 50h76l6 112a8 8 0 0 1-8 8H64a8 8 0 0 1-8-8z" fill="#31473e"/>
      <path d="M62 50h76l-3-18H65z" fill="#243630"/><path d="M65 32h70v-6H65z" fill="#d9b26a"/>
      <rect x="74" y="82" width="52" height="58" rx="6" fill="#f2e9d8"/>
      <ellipse cx="100" cy="111" rx="13" ry="19" transform="rotate(28 100 111)" fill="#6b4226"/>
      <path d="M109 95c-9 9 0 20-18 32" fill="none" stroke="#f2e9d8" stroke-width="4" stroke-linecap="round"/>`,
  },
  {
    id: 'honey',
    name: 'Lime blossom honey',
    category: 'Pantry',
    cents: 990,
    line: 'From forty hives along the river; mild and minty.',
    hue: 'sun',
    art: `<path d="M60 70h80v80a16 16 0 0 1-16 16H76a16 16 0 0 1-16-16z" fill="#e5982a"/>
      <path d="M60 70h80v22c-13 11-25-6-40 2s-27 7-40-2z" fill="#f5c26b"/>
      <rect x="54" y="44" width="92" height="26" rx="7" fill="#4c3a2a"/>
      <path d="M76 108h48v36H76z" fill="#fff6e2"/>
      <path d="m100 113 10 6v12l-10 6-10-6v-12z" fill="#e5982a"/>`,
  },
  {
    id: 'candle',
    name: 'Beeswax candle',
    category: 'Living',
    cents: 1_850,
    line: 'Burns forty hours and smells of summer, not of perfume.',
    hue: 'plum',
    art: `<path d="M70 82h60v70H70z" fill="#f1c75b"/><ellipse cx="100" cy="82" rx="30" ry="8" fill="#f9e0a0"/>
      <path d="M70 96c6 16 14 8 16 24 2 10 10 6 10-4" fill="none" stroke="#f9e0a0" stroke-width="7" stroke-linecap="round"/>
      <path d="M100 82V68" stroke="#4a3728" stroke-width="4"/>
      <path d="M100 32c12 15 14 22 14 27a14 14 0 0 1-28 0c0-5 2-12 14-27z" fill="#f4803c"/>
      <path d="M100 48c6 7 7 10 7 13a7 7 0 0 1-14 0c0-3 1-6 7-13z" fill="#ffe08a"/>
      <path d="M50 152h100a12 12 0 0 1-12 14H62a12 12 0 0 1-12-14z" fill="#69486b"/>`,
  },
  {
    id: 'blanket',
    name: 'Wool blanket',
    category: 'Living',
    cents: 12_900,
    line: 'Woven from the wool of moorland sheep, 130 by 180 cm.',
    hue: 'clay',
    art: `<path d="M44 124h112v34a8 8 0 0 1-8 8H52a8 8 0 0 1-8-8z" fill="#8d4a37"/>
      <path d="M44 88h112v36H44z" fill="#b5644b"/><path d="M52 52h96a8 8 0 0 1 8 8v28H44V60a8 8 0 0 1 8-8z" fill="#d18a69"/>
      <path d="M72 52v114M84 52v114M118 52v114M130 52v114" stroke="#f6e3d3" stroke-width="4" opacity=".75"/>
      <path d="M44 88h112M44 124h112" stroke="#6e3728" stroke-width="3" opacity=".5"/>`,
  },
  {
    id: 'lamp',
    name: 'Paper lamp',
    category: 'Living',
    cents: 5_900,
    line: 'Folded paper over an ash frame; a small moon for the desk.',
    hue: 'night',
    art: `<circle cx="100" cy="88" r="60" fill="#ffe9b0" opacity=".18"/><circle cx="100" cy="88" r="46" fill="#fff1c9"/>
      <path d="M58 70c26 8 58 8 84 0M54 88c30 8 62 8 92 0M58 106c26 8 58 8 84 0M72 122c18 5 38 5 56 0M72 52c18 5 38 5 56 0" fill="none" stroke="#e3c98b" stroke-width="3"/>
      <path d="M82 132h36l4 14H78z" fill="#a9794b"/><path d="M70 146h60v8a6 6 0 0 1-6 6H76a6 6 0 0 1-6-6z" fill="#7d5632"/>`,
  },
]

/** @param {string} id */
export function findProduct(id) {
  return PRODUCTS.find((product) => product.id === id)
}

/** An SVG element as text. @param {Product} product */
export function drawProduct({ art }) {
  return `<svg viewBox="0 0 200 200" aria-hidden="true" focusable="false">${art}</svg>`
}
