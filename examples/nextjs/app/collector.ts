/** Where events go, from the browser and from the server: see `.env`. */
export const collector = {
  endpoint: process.env.NEXT_PUBLIC_MILLRACE_ENDPOINT ?? '',
  writeKey: process.env.NEXT_PUBLIC_MILLRACE_WRITE_KEY ?? '',
}
