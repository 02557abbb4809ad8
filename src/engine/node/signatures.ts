/** Signatures through node:crypto; every parameter is spelled out, none left to a default. */

import { constants, sign, verify, type SignKeyObjectInput } from "node:crypto"
import type { SignatureRow } from "../provider.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"

type Parameters = Omit<SignKeyObjectInput, "key">

function signature(hash: string | null, parameters: Parameters): SignatureRow<NodeKey> {
  return {
    sign: (key, message, context) => {
      const input = { key: secretHalf(key), ...parameters, ...bound(context) }
      return key.lane === "fast"
        ? plain(sign(hash, message, input))
        : signLater(hash, message, input)
    },
    verify: (key, message, candidate, context) =>
      verify(hash, message, { key: publicHalf(key), ...parameters, ...bound(context) }, candidate),
  }
}

function bound(context: Uint8Array | undefined): { context?: Uint8Array } {
  return context === undefined || context.length === 0 ? {} : { context }
}

/** The callback form runs on libuv's pool: the plain one would stall every partition. */
function signLater(
  hash: string | null,
  message: Uint8Array,
  input: SignKeyObjectInput,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(hash, message, input, (error, made) => {
      if (error === null) resolve(plain(made))
      else reject(error)
    })
  })
}

/** Random nonces (FIPS 186-5 section 6.3.1); a DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3). */
export function ecdsa(hash: string): SignatureRow<NodeKey> {
  return signature(hash, { dsaEncoding: "der" })
}

/** RFC 8017 section 8.1: MGF1 over the same hash, and a salt of the hash's length. */
export function pss(hash: string, saltLength: number): SignatureRow<NodeKey> {
  return signature(hash, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
}

/** RFC 8017 section 8.2. */
export function pkcs1(hash: string): SignatureRow<NodeKey> {
  return signature(hash, { padding: constants.RSA_PKCS1_PADDING })
}

/** Those that hash by themselves; raw bytes. Of RFC 8032, FIPS 204 and FIPS 205, pure. */
export const hashless = signature(null, {})
