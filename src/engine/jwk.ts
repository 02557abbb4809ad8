/** Keys as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037), brought to our own encodings. */

import { createPrivateKey, createPublicKey } from "node:crypto"
import { decodeBase64Url } from "../codec/base64.ts"
import { CodecError } from "../codec/error.ts"
import { parseJson, type JsonObject } from "../codec/json.ts"
import { limits } from "../domain/limits.ts"
import { malformed } from "./malformed.ts"
import { SecretBytes } from "./secret-bytes.ts"

/** Members that hold bytes, by key type; what else there is (`kid`, `use`) says nothing here. */
const byteMembers = {
  oct: ["k"],
  RSA: ["n", "e", "d", "p", "q", "dp", "dq", "qi"],
  EC: ["x", "y", "d"],
  OKP: ["x", "d"],
} as const satisfies Record<string, readonly string[]>
type KeyType = keyof typeof byteMembers

export interface JwkMaterial {
  readonly format: "raw" | "pkcs8" | "spki"
  readonly material: SecretBytes
}

/**
 * Reads one key: secret bytes, a pair as PKCS#8, or a public half alone as SPKI. Whether it is a
 * key of some algorithm is for the reader of that format to say.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/material`: no such JSON, a member twice, base64url
 * that is not strict, more than two primes.
 */
export function readJwk(bytes: Uint8Array): JwkMaterial {
  const { kty, crv, ...members } = parsed(bytes)
  if (typeof kty !== "string" || !Object.hasOwn(byteMembers, kty)) {
    throw malformed("/material", "is no JWK of type oct, RSA, EC or OKP")
  }
  if (members["oth"] !== undefined) throw malformed("/material", "has more than two primes")
  const numbers = byteMembers[kty as KeyType].flatMap((name) => {
    const text = members[name]
    return text === undefined ? [] : [[name, strict(text, name)] as const]
  })
  const jwk: Record<string, string> = Object.fromEntries(numbers)
  if (kty === "oct") {
    const material = new SecretBytes(decodeBase64Url(jwk["k"] ?? "", "/material"))
    return { format: "raw", material }
  }
  const curve = typeof crv === "string" ? { crv } : {}
  const key = { format: "jwk", key: { ...jwk, ...curve, kty } } as const
  const isPublic = jwk["d"] === undefined
  const der = isPublic
    ? createPublicKey(key).export({ format: "der", type: "spki" })
    : createPrivateKey(key).export({ format: "der", type: "pkcs8" })
  return { format: isPublic ? "spki" : "pkcs8", material: new SecretBytes(new Uint8Array(der)) }
}

function parsed(bytes: Uint8Array): JsonObject {
  try {
    const value = parseJson(bytes, limits.jsonDepthMax)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonObject
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
  throw malformed("/material", "is no JSON object")
}

function strict(text: unknown, name: string): string {
  if (typeof text !== "string") throw malformed("/material", `${name} is no text`)
  try {
    decodeBase64Url(text, name).fill(0)
    return text
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw malformed("/material", `${name} is not base64url`)
  }
}
