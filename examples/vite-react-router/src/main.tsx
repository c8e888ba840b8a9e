import { useState } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter, Link, Route, Routes, useParams } from 'react-router'
import { millrace } from './millrace.ts'
import { type Plant, plants } from './plants.ts'

function Catalogue() {
  return (
    <main>
      <title>Fernhill Plants</title>
      <h1>Plants that forgive</h1>
      <ul>
        {plants.map(({ slug, name, price }) => (
          <li key={slug}>
            <Link to={`/plants/${slug}`}>{name}</Link>, €{price.toFixed(2)}
          </li>
        ))}
      </ul>
    </main>
  )
}

function Product() {
  const { slug } = useParams()
  const plant = plants.find((one) => one.slug === slug)
  return plant ? <Details plant={plant} /> : <h1>We do not have that one</h1>
}

function Details({ plant }: { plant: Plant }) {
  const [isAdded, setAdded] = useState(false)

  function add() {
    setAdded(true)
    // The compiler knows the plan: another name, or a price that is text, does not build.
    void millrace.track('Product Added', {
      product_id: plant.slug,
      name: plant.name,
      price: plant.price,
      currency: 'EUR',
    })
  }

  return (
    <main>
      <title>{`${plant.name} | Fernhill Plants`}</title>
      <h1>{plant.name}</h1>
      <p>{plant.care}</p>
      <button type="button" onClick={add} disabled={isAdded}>
        {isAdded ? 'In your basket' : `Add to basket, €${plant.price.toFixed(2)}`}
      </button>
      <p>
        <Link to="/">All plants</Link>
      </p>
    </main>
  )
}

createRoot(document.getElementById('app') as HTMLElement).render(
  <BrowserRouter>
    <Routes>
      <Route path="/" element={<Catalogue />} />
      <Route path="/plants/:slug" element={<Product />} />
    </Routes>
  </BrowserRouter>,
)
