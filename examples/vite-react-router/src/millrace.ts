import { createMillrace } from '@millrace/web'

/** The events of this site. With a tracking plan, import its type instead: `PlanTypes<typeof plan>`. */
interface Plan {
  track: {
    'Product Added': { product_id: string; name: string; price: number; currency: string }
  }
}

/** One client for the whole app. Each address that the router shows is a page view. */
export const millrace = createMillrace<Plan>({
  endpoint: import.meta.env.VITE_MILLRACE_ENDPOINT,
  writeKey: import.meta.env.VITE_MILLRACE_WRITE_KEY,
  autoPage: true,
})
