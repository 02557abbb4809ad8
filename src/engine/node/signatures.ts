/**
 * Signatures through node:crypto, and where it cannot be told something, through JavaScript:
 * digests and nonces of ECDSA, prefixes of EdDSA, forms of ML-DSA and SLH-DSA. Every parameter is
 * spelled out, none left to a default.
 */

import { constants, sign, verify, type SignKeyObjectInput } from "node:crypto"
import type { HashId, PreHashId } from "../../domain/hashes.ts"
import { limits } from "../../domain/limits.ts"
import { digestOf, hashNames } from "../hash.ts"
import { signDsa, verifyDsa } from "../noble/dsa.ts"
import { signEcdsa, verifyEcdsa, type Digested } from "../noble/ecdsa.ts"
import { signFormatted, verifyFormatted, type Formatted } from "../noble/post-quantum.ts"
import type { SignatureParameters, SignatureRow } from "../provider.ts"
import { digestInfo, preHashed, pure, saltLengthOf } from "../signature-parts.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"
import {
  modulusBytes,
  signPkcs1,
  signPss,
  verifyPkcs1,
  verifyPss,
  type Pss,
} from "./rsa-encoding.ts"

type Row = SignatureRow<NodeKey>
type Options = Omit<SignKeyObjectInput, "key">

/** Whole messages, as node:crypto signs them; what it cannot be told stays with `other`. */
function openssl(
  name: string | null,
  options: (parameters: SignatureParameters) => Options | undefined,
  other: Row,
): Row {
  return {
    ...other,
    sign: (key, message, parameters) => {
      const chosen = options(parameters)
      if (chosen === undefined) return other.sign(key, message, parameters)
      const input = { key: secretHalf(key), ...chosen }
      return key.lane === "fast"
        ? plain(sign(name, message, input))
        : signLater(name, message, input)
    },
    verify: (key, message, signature, parameters) => {
      const chosen = options({ ...parameters, deterministic: false })
      if (chosen === undefined) return other.verify(key, message, signature, parameters)
      return verify(name, message, { key: publicHalf(key), ...chosen }, signature)
    },
  }
}

/** The callback form runs on libuv's pool: the plain one would stall every partition. */
function signLater(
  name: string | null,
  message: Uint8Array,
  input: SignKeyObjectInput,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(name, message, input, (error, made) => {
      if (error === null) resolve(plain(made))
      else reject(error)
    })
  })
}

/** Random nonces (FIPS 186-5 section 6.3.1); a DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3). */
export function ecdsa(id: HashId): Row {
  const digested = ecdsaOver((message, parameters) => ({
    hash: id,
    digest: digestOf(id, message, parameters),
  }))
  const isPlain = ({ messageType, deterministic }: SignatureParameters) =>
    messageType === "message" && !deterministic && id !== "DOUBLE_SHA_256"
  return openssl(hashNames[id], (asked) => (isPlain(asked) ? { dsaEncoding: "der" } : undefined), {
    ...digested,
  })
}

/** What the caller sends is the digest, of whatever hash: SHA-256 draws the nonce. */
export const ecdsaNone: Row = {
  messageBytesMax: () => limits.bareDigestBytesMax,
  ...ecdsaOver((digest) => ({ hash: "SHA_256", digest })),
}

function ecdsaOver(
  digested: (message: Uint8Array, parameters: SignatureParameters) => Digested,
): Row {
  return {
    sign: (key, message, parameters) =>
      signEcdsa(key, digested(message, parameters), parameters.deterministic),
    verify: (key, message, signature, parameters) =>
      verifyEcdsa(key, digested(message, parameters), signature),
  }
}

/** FIPS 186-4 section 4.6; DER, as with ECDSA. */
export function dsaSignature(id: HashId): Row {
  return openssl(hashNames[id], wholeDsa, {
    sign: (key, message, asked) => signDsa(key, digestOf(id, message, asked)),
    verify: (key, message, signature, asked) =>
      verifyDsa(key, digestOf(id, message, asked), signature),
  })
}

function wholeDsa({ messageType }: SignatureParameters): Options | undefined {
  return messageType === "message" ? { dsaEncoding: "der" } : undefined
}

/** What the caller sends is the digest, of whatever hash. */
export const dsaNone: Row = {
  messageBytesMax: () => limits.bareDigestBytesMax,
  sign: signDsa,
  verify: verifyDsa,
}

/** RFC 8017 section 8.1. */
export function pss(id: HashId): Row {
  const chosen = (parameters: SignatureParameters): Pss => ({
    hash: id,
    mgfHash: parameters.mgfHash ?? id,
    saltLength: saltLengthOf(id, parameters),
  })
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const options = (asked: SignatureParameters): Options | undefined => {
    const { mgfHash, saltLength } = chosen(asked)
    return asked.messageType === "message" && mgfHash === id ? { padding, saltLength } : undefined
  }
  return openssl(hashNames[id], options, {
    sign: (key, message, asked) => signPss(key, chosen(asked), digestOf(id, message, asked)),
    verify: (key, message, signature, asked) =>
      verifyPss(key, chosen(asked), { digest: digestOf(id, message, asked), signature }),
  })
}

/** RFC 8017 section 8.2. */
export function pkcs1(id: HashId): Row {
  const padding = constants.RSA_PKCS1_PADDING
  const options = (asked: SignatureParameters): Options | undefined =>
    asked.messageType === "message" ? { padding } : undefined
  return openssl(hashNames[id], options, {
    sign: (key, message, asked) => signPkcs1(key, digestInfo(id, digestOf(id, message, asked))),
    verify: (key, message, signature, asked) =>
      verifyPkcs1(key, digestInfo(id, digestOf(id, message, asked)), signature),
  })
}

/** RFC 8017 section 8.2 around bytes as they come. */
export const pkcs1None: Row = {
  // Section 9.2, step 3: eleven bytes of padding at least.
  messageBytesMax: (key) => modulusBytes(key) - 11,
  sign: signPkcs1,
  verify: verifyPkcs1,
}

/** RFC 8032: nothing can be told but Ed448's context. */
export const eddsa: Row = hashless({
  sign: () => {
    throw new TypeError("EdDSA takes whole messages")
  },
  verify: () => false,
})

function hashless(other: Row): Row {
  return openssl(null, contextOnly, other)
}

function contextOnly(asked: SignatureParameters): Options | undefined {
  const { messageType, deterministic, context } = asked
  if (messageType !== "message" || deterministic) return undefined
  return context.length === 0 ? {} : { context }
}

/** FIPS 204 and FIPS 205: whole messages by OpenSSL, hedged; the rest by JavaScript. */
export const postQuantum: Row = hashless(
  formatted((message, { messageType, context }) =>
    messageType === "mu"
      ? { bytes: message, isMu: true }
      : { bytes: pure(message, context), isMu: false },
  ),
)

/** FIPS 204 section 5.4, FIPS 205 section 10.2.2. */
export function hashPostQuantum(id: PreHashId): Row {
  return formatted((message, parameters) => ({
    bytes: preHashed(id, digestOf(id, message, parameters), parameters.context),
  }))
}

function formatted(
  format: (message: Uint8Array, parameters: SignatureParameters) => Formatted,
): Row {
  return {
    sign: (key, message, parameters) =>
      signFormatted(key, format(message, parameters), parameters.deterministic),
    verify: (key, message, signature, parameters) =>
      verifyFormatted(key, format(message, parameters), signature),
  }
}
