export interface Plant {
  slug: string
  name: string
  price: number
  care: string
}

export const plants: Plant[] = [
  { slug: 'monstera', name: 'Monstera deliciosa', price: 32.5, care: 'Bright shade, water once a week.' },
  { slug: 'snake-plant', name: 'Snake plant', price: 18, care: 'Anywhere, water when you think of it.' },
  {
    slug: 'calathea',
    name: 'Calathea orbifolia',
    price: 27.9,
    care: 'No direct sun, never dry, rain water.',
  },
]
