/**
 * What the Worker uses of Node's modules, which the runtime has since compatibility date 2026-08-04. Not `@types/node`: its
 * globals (`setTimeout`) are not the runtime's.
 */

declare module 'node:zlib' {
  export function zstdCompressSync(data: Uint8Array, options?: { params: Record<number, number> }): Uint8Array
  export function zstdDecompressSync(data: Uint8Array, options?: { maxOutputLength?: number }): Uint8Array
  export const constants: { ZSTD_c_compressionLevel: number }
}

declare module 'node:crypto' {
  interface Hash {
    update(data: Uint8Array | string): Hash
    digest(encoding: 'hex'): string
    digest(): Uint8Array
  }
  export function createHash(algorithm: 'sha256'): Hash
}
