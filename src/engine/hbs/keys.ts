/** Keys of stateful hash-based signatures: made in a thread, imported to verify alone. */

import { createSecretKey, timingSafeEqual } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { derContent, derElements, derTags, readDer, writeDer } from "../../codec/der.ts"
import { HsmError } from "../../domain/errors.ts"
import { malformed } from "../malformed.ts"
import { secretHalf, type NodeKey } from "../node/key.ts"
import type { KeyRow, SignatureRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { join } from "./bytes.ts"
import type { ChainHash } from "./chains.ts"
import {
  hss,
  hssHead,
  isHssPublic,
  Memory,
  verifyHss,
  xmss,
  type StatefulScheme,
} from "./scheme.ts"
import { makeTree } from "./tree-maker.ts"

/** RFC 9708 section 4, RFC 9802 section 3. */
const oids = {
  hss: Uint8Array.fromHex("060b2a864886f70d0109100311"),
  xmss: Uint8Array.fromHex("06082b06010505070622"),
} as const

interface Row {
  readonly oid: keyof typeof oids
  /** Absent: it only verifies. */
  readonly scheme?: StatefulScheme
  readonly fits: (key: Uint8Array) => boolean
}

function lms(upper: 5 | 10 | 15, lower?: 5 | 10): Row {
  const head = hssHead(upper, lower === undefined ? 1 : 2)
  return {
    oid: "hss",
    scheme: hss(upper, lower),
    fits: (key) => isHssPublic(key) && timingSafeEqual(key.subarray(0, head.length), head),
  }
}

const rows: Readonly<Partial<Record<KeyAlgorithmId, Row>>> = {
  LMS_SHA256_H5: lms(5),
  LMS_SHA256_H10: lms(10),
  LMS_SHA256_H15: lms(15),
  HSS_SHA256_H5_H5: lms(5, 5),
  HSS_SHA256_H10_H10: lms(10, 10),
  HSS_LMS: { oid: "hss", fits: isHssPublic },
  XMSS_SHA2_10_256: { oid: "xmss", scheme: xmss, fits: (key) => key.length === 68 && key[3] === 1 },
}

function rowOf(algorithm: KeyAlgorithmId): Row {
  const row = rows[algorithm]
  if (row === undefined) throw new TypeError("is no algorithm of hash-based signatures")
  return row
}

/** One row per parameter set. */
export function hashBasedKeys(algorithm: KeyAlgorithmId): KeyRow<NodeKey> {
  const { oid, scheme, fits } = rowOf(algorithm)
  return {
    lane: "slow",
    generate: async () => {
      if (scheme === undefined) {
        throw malformed("/algorithm", `${algorithm} is for public keys that are imported`)
      }
      const secret = randomBytes(scheme.secretBytes)
      const material = join(secret, await makeTree(scheme.order(secret)))
      secret.fill(0)
      const publicKey = writeSpki(oid, scheme.publicOf(material))
      return { material: new SecretBytes(material), publicKey }
    },
    import: {
      spki: (given) => {
        const key = readSpki(oid, given)
        if (!fits(key)) throw malformed("/material", `is no public key of ${algorithm}`)
        return { material: undefined, publicKey: given.slice() }
      },
    },
    open: (material, publicKey) => ({
      algorithm,
      lane: "slow",
      secret: material?.lend((bytes) => createSecretKey(bytes)),
      public: undefined,
      raw:
        material === undefined
          ? readSpki(oid, publicKey ?? new Uint8Array())
          : material.lend((bytes) => scheme?.publicOf(bytes) ?? new Uint8Array()),
    }),
    export: () => {
      throw new HsmError("OPERATION_FORBIDDEN", "a key that counts its signatures never leaves")
    },
  }
}

/** The public key of an algorithm as others exchange it. */
export function hashBasedSpki(algorithm: KeyAlgorithmId, key: Uint8Array): Uint8Array {
  return writeSpki(rowOf(algorithm).oid, key)
}

function writeSpki(oid: keyof typeof oids, key: Uint8Array): Uint8Array {
  const algorithm = writeDer(derTags.sequence, oids[oid])
  const bits = writeDer(derTags.bitString, Uint8Array.of(0), key)
  return writeDer(derTags.sequence, algorithm, bits)
}

/** The one encoding: RFC 9802 section 3 puts the key straight into the bit string. */
function readSpki(oid: keyof typeof oids, spki: Uint8Array): Uint8Array {
  const field = "/material"
  const [, bits] = derElements(readDer(spki, field)[0], field)
  const key = derContent(bits, derTags.bitString, field).subarray(1)
  const expected = writeSpki(oid, key)
  if (expected.length === spki.length && timingSafeEqual(expected, spki)) return key
  throw malformed(field, "is not the canonical DER of its key")
}

/** What the trees of open keys have shown; goes with the key. */
const memories = new WeakMap<object, Memory>()

/** Signatures of all these schemes, over one way to hash. */
export function hashBasedSignature(by: ChainHash): SignatureRow<NodeKey> {
  return {
    sign: async (key, message, { index }) => {
      const { scheme } = rowOf(key.algorithm)
      const secret = secretHalf(key)
      if (scheme === undefined || index === undefined || index >= scheme.signatures) {
        throw new TypeError("a stateful signature has an index of its own")
      }
      const memory = memories.get(secret) ?? new Memory()
      memories.set(secret, memory)
      const material = secret.export()
      try {
        return await scheme.sign({ by, material, makeUpper: makeTree, memory }, index, message)
      } finally {
        material.fill(0)
      }
    },
    verify: (key, message, signature) => {
      const { oid, scheme } = rowOf(key.algorithm)
      const raw = key.raw ?? new Uint8Array()
      try {
        return oid === "hss" || scheme === undefined
          ? verifyHss(by, raw, { message, signature })
          : scheme.verify(by, raw, { message, signature })
      } catch {
        return false
      }
    },
  }
}
