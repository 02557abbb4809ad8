/**
 * Vectors of the rows for which nobody has published any, from made.json: tools/make-vectors.ts
 * made them with other implementations than the engine's, which each of them names.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"

export interface MadeCase {
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  /** What made it, with its version. */
  readonly source: string
  /** PKCS#8, or a seed. */
  readonly key: Uint8Array
  /** Of a seed. */
  readonly path?: string
  readonly message: Uint8Array
  readonly context: Uint8Array
  /** One of these three. */
  readonly signature?: Uint8Array
  readonly ciphertext?: Uint8Array
  readonly agreed?: { readonly peer: Uint8Array; readonly secret: Uint8Array }
}

interface Written {
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  readonly source: string
  readonly key: number
  readonly path?: string
  readonly message?: string
  readonly context?: string
  readonly signature?: string
  readonly ciphertext?: string
  readonly peer?: string
  readonly secret?: string
}

export function madeCases(): readonly MadeCase[] {
  const text = readFileSync(join(import.meta.dirname, "made.json"), "utf8")
  // Our own file.
  const { keys, vectors } = JSON.parse(text) as {
    readonly keys: readonly string[]
    readonly vectors: readonly Written[]
  }
  return vectors.map(({ algorithm, mechanism, source, path, key, ...written }) => ({
    algorithm,
    mechanism,
    source,
    ...(path === undefined ? {} : { path }),
    key: bytes(keys[key]),
    message: bytes(written.message),
    context: bytes(written.context),
    ...(written.signature === undefined ? {} : { signature: bytes(written.signature) }),
    ...(written.ciphertext === undefined ? {} : { ciphertext: bytes(written.ciphertext) }),
    ...(written.peer === undefined
      ? {}
      : { agreed: { peer: bytes(written.peer), secret: bytes(written.secret) } }),
  }))
}

function bytes(text = ""): Uint8Array {
  return Uint8Array.fromBase64(text)
}
