/**
 * Signatures through the addon: all of them, at OpenSSL's speed and in constant time. A scheme that
 * every key can use is made once; one with a context or a salt of its own, for its call.
 */

import {
  dsaHashes,
  ecdsaHashes,
  hashes,
  preHashes,
  rsaHashes,
  type HashId,
  type PreHashId,
} from "../../domain/hashes.ts"
import { limits } from "../../domain/limits.ts"
import { digestOf, hashNames } from "../hash.ts"
import { secretHalf } from "../node/key.ts"
import { hashBasedSignature } from "../hbs/keys.ts"
import { withExtended } from "../noble/ed25519-extended.ts"
import { modulusBytes } from "../node/rsa-encoding.ts"
import {
  rowsOf,
  type SignatureId,
  type SignatureParameters,
  type SignatureRow,
} from "../provider.ts"
import { withSecp256k1 } from "../secp256k1/ecdsa.ts"
import { schnorr } from "../secp256k1/schnorr.ts"
import { preHashed } from "../signature-parts.ts"
import type { Addon, Scheme } from "./addon.ts"
import { half, type NativeKey } from "./key.ts"
import { signLater } from "./later.ts"

/** What goes to the addon: the scheme, and what it is to sign. */
interface Order {
  readonly scheme: Scheme
  readonly input: Uint8Array
}
type Ordering = (key: NativeKey, message: Uint8Array, parameters: SignatureParameters) => Order
type Row = SignatureRow<NativeKey>

/** Every mechanism's row. */
export function nativeSignatures(addon: Addon): Readonly<Record<SignatureId, Row>> {
  const row = rowsThrough(addon)
  const edwards = (algorithm: string): Row => row(edwardsOrder(addon, algorithm))
  const postQuantum = row(postQuantumOrder(addon))
  const hashPostQuantum = (id: PreHashId): Row => row(preHashOrder(addon, id))
  const bare = addon.scheme(undefined, "digest", {})
  const bareDigest: Row = {
    messageBytesMax: () => limits.bareDigestBytesMax,
    ...row((_, input) => ({ scheme: bare, input })),
  }
  const barePkcs1 = addon.scheme(undefined, "digest", { "pad-mode": "pkcs1" })
  return {
    ...rowsOf("ECDSA", ecdsaHashes, (id) => withSecp256k1(row(ecdsaOrder(addon, id)), id)),
    ECDSA_NONE: withSecp256k1(bareDigest, undefined),
    BIP340_SCHNORR: schnorr,
    ...rowsOf("RSA_PSS", rsaHashes, (id) => row(pssOrder(addon, id))),
    ...rowsOf("RSA_PKCS1", rsaHashes, (id) => row(pkcs1Order(addon, id))),
    RSA_PKCS1_NONE: {
      messageBytesMax: (key) => modulusBytes(key) - 11,
      ...row((_, input) => ({ scheme: barePkcs1, input })),
    },
    ...rowsOf("DSA", dsaHashes, (id) => row(ecdsaOrder(addon, id))),
    DSA_NONE: bareDigest,
    ED25519: withExtended(edwards("ED25519")),
    ED25519_CTX: edwards("ED25519ctx"),
    ED25519_PH: edwards("ED25519ph"),
    ED448: edwards("ED448"),
    ED448_PH: edwards("ED448ph"),
    ML_DSA: postQuantum,
    ...rowsOf("HASH_ML_DSA", preHashes, hashPostQuantum),
    SLH_DSA: postQuantum,
    ...rowsOf("HASH_SLH_DSA", preHashes, hashPostQuantum),
    HSS_LMS: hashBasedSignature(addon),
    XMSS: hashBasedSignature(addon),
  }
}

function rowsThrough(addon: Addon): (order: Ordering) => Row {
  return (order) => ({
    sign: (key, message, parameters) => {
      secretHalf(key)
      const pair = half(key.pair)
      const { scheme, input } = order(key, message, parameters)
      if (key.lane === "fast") return addon.sign(pair, scheme, input)
      const made = signLater(addon, { key: pair, scheme, inputs: [input] })
      return made.then(([signature]) => half(signature))
    },
    signMany: (key, messages, parameters) => {
      secretHalf(key)
      const orders = messages.map((message) => order(key, message, parameters))
      const [first] = orders
      const inputs = orders.map(({ input }) => input)
      return signLater(addon, { key: half(key.pair), scheme: half(first).scheme, inputs })
    },
    verify: (key, message, signature, parameters) => {
      const asked = { ...parameters, deterministic: false }
      const { scheme, input } = order(key, message, asked)
      return addon.verify(half(key.pair), scheme, input, signature)
    },
  })
}

/** FIPS 186-5 section 6.4.1, FIPS 186-4 section 4.6: random nonces, or those of RFC 6979. */
function ecdsaOrder(addon: Addon, id: HashId): Ordering {
  const digest = hashNames[id]
  const random = addon.scheme(undefined, "digest", { digest })
  const repeatable = addon.scheme(undefined, "digest", { digest, "nonce-type": 1 })
  return (_, message, parameters) => ({
    scheme: parameters.deterministic ? repeatable : random,
    input: digestOf(id, message, parameters),
  })
}

function pssOrder(addon: Addon, id: HashId): Ordering {
  const make = (mgfHash: HashId, saltlen: number): Scheme =>
    addon.scheme(undefined, "digest", {
      digest: hashNames[id],
      "pad-mode": "pss",
      "mgf1-digest": hashNames[mgfHash],
      saltlen,
    })
  const { bytes } = hashes[id]
  const usual = make(id, bytes)
  return (_, message, parameters) => {
    const { mgfHash = id, saltLength = bytes } = parameters
    const isUsual = mgfHash === id && saltLength === bytes
    return {
      scheme: isUsual ? usual : make(mgfHash, saltLength),
      input: digestOf(id, message, parameters),
    }
  }
}

function pkcs1Order(addon: Addon, id: HashId): Ordering {
  const scheme = addon.scheme(undefined, "digest", { digest: hashNames[id], "pad-mode": "pkcs1" })
  return (_, message, parameters) => ({ scheme, input: digestOf(id, message, parameters) })
}

function edwardsOrder(addon: Addon, algorithm: string): Ordering {
  const make = (type: "message" | "digest", context?: Uint8Array): Scheme =>
    addon.scheme(algorithm, type, { "context-string": context })
  // Only a prehash takes digests.
  const [whole, digest] = [make("message"), make("digest")]
  return (_, input, { messageType, context }) => {
    const type = messageType === "digest" ? "digest" : "message"
    if (context.length > 0) return { scheme: make(type, context), input }
    return { scheme: type === "digest" ? digest : whole, input }
  }
}

/** `ML_DSA_65` -> `ML-DSA-65`; OpenSSL takes names in any case. */
function opensslName({ algorithm }: NativeKey): string {
  return algorithm.replaceAll("_", "-")
}

/** FIPS 204 sections 5.2 and 6.2, FIPS 205 section 10.2. */
function postQuantumOrder(addon: Addon): Ordering {
  const kept = new Map<string, Scheme>()
  return (key, input, { messageType, context, deterministic }) => {
    const algorithm = opensslName(key)
    const name = `${algorithm} ${messageType} ${deterministic}`
    const known = context.length === 0 ? kept.get(name) : undefined
    if (known !== undefined) return { scheme: known, input }
    const scheme = addon.scheme(algorithm, "message", {
      deterministic: Number(deterministic),
      mu: messageType === "mu" ? 1 : undefined,
      "context-string": context.length === 0 ? undefined : context,
    })
    if (context.length === 0) kept.set(name, scheme)
    return { scheme, input }
  }
}

/** FIPS 204 section 5.4, FIPS 205 section 10.2.2: OpenSSL gets M' as it is. */
function preHashOrder(addon: Addon, id: PreHashId): Ordering {
  return (key, message, parameters) => ({
    scheme: addon.scheme(opensslName(key), "message", {
      deterministic: Number(parameters.deterministic),
      "message-encoding": 0,
    }),
    input: preHashed(id, digestOf(id, message, parameters), parameters.context),
  })
}
