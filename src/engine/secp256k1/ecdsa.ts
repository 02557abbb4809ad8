/**
 * ECDSA on secp256k1 as its chains want it: by libsecp256k1, in constant time as far as WebAssembly
 * keeps it, with the lower s (BIP 146), nonces of RFC 6979 over HMAC-SHA-256 whatever the message's
 * hash, and recoverable where asked for.
 */

import * as libsecp from "tiny-secp256k1"
import { ecdsaFromRaw, ecdsaToRaw } from "../../codec/ecdsa-signature.ts"
import type { HashId } from "../../domain/hashes.ts"
import { digestOf } from "../hash.ts"
import type { NodeKey } from "../node/key.ts"
import type { SignatureParameters, SignatureRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { lendScalar, pointOf } from "./point.ts"

const bytes = 32

/** A mechanism's row, with libsecp256k1 in its place for keys of this curve. */
export function withSecp256k1<Key extends NodeKey>(
  row: SignatureRow<Key>,
  id: HashId | undefined,
): SignatureRow<Key> {
  const digest = (message: Uint8Array, parameters: SignatureParameters): Uint8Array =>
    fitted(id === undefined ? message : digestOf(id, message, parameters))
  return {
    ...row,
    sign: (key, message, parameters) =>
      key.algorithm === "EC_SECP256K1"
        ? sign(key, digest(message, parameters), parameters)
        : row.sign(key, message, parameters),
    verify: (key, message, signature, parameters) =>
      key.algorithm === "EC_SECP256K1"
        ? verify(key, digest(message, parameters), { signature, parameters })
        : row.verify(key, message, signature, parameters),
  }
}

/** FIPS 186-5 section 6.4.1 step 2: the leftmost 256 bits, or a smaller number. */
function fitted(digest: Uint8Array): Uint8Array {
  const hash = new Uint8Array(bytes)
  const used = digest.subarray(0, bytes)
  hash.set(used, bytes - used.length)
  return hash
}

/** DER, or r, s and the recovery id. */
function sign(
  key: NodeKey,
  digest: Uint8Array,
  { deterministic, recoverable = false }: SignatureParameters,
): Uint8Array {
  // RFC 6979 section 3.6: fresh bytes besides, against faults and side channels.
  const extra = deterministic ? undefined : randomBytes(bytes)
  return lendScalar(key, (scalar) => {
    if (!recoverable) return ecdsaFromRaw(libsecp.sign(digest, scalar, extra))
    const { signature, recoveryId } = libsecp.signRecoverable(digest, scalar, extra)
    return Uint8Array.of(...signature, recoveryId)
  })
}

function verify(
  key: NodeKey,
  digest: Uint8Array,
  given: { readonly signature: Uint8Array; readonly parameters: SignatureParameters },
): boolean {
  const { signature, parameters } = given
  try {
    return parameters.recoverable === true
      ? recovers(key, digest, signature)
      : verifyDer(key, digest, signature)
  } catch {
    return false
  }
}

function verifyDer(key: NodeKey, digest: Uint8Array, der: Uint8Array): boolean {
  const raw = ecdsaToRaw(der, bytes)
  // The one encoding that these numbers have.
  if (ecdsaFromRaw(raw).toHex() !== der.toHex()) return false
  return libsecp.verify(digest, pointOf(key), raw)
}

/** True when the signature leads to this very key. */
function recovers(key: NodeKey, digest: Uint8Array, signature: Uint8Array): boolean {
  const id = [0, 1, 2, 3].find((known) => known === signature[2 * bytes])
  if (id === undefined || signature.length !== 2 * bytes + 1) return false
  // One of the four, as was just found.
  const recoveryId = id as libsecp.RecoveryIdType
  const found = libsecp.recover(digest, signature.subarray(0, 2 * bytes), recoveryId, false)
  return found?.toHex() === pointOf(key).toHex()
}
