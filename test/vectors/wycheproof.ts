/**
 * Wycheproof's vectors as cases that any layer can run: the engine here, a face elsewhere. With
 * them the table of what this HSM refuses by design, which every layer has to refuse alike.
 */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { suites, type SuiteId } from "../../src/codec/ciphertext.ts"
import { kemKey, none, privateKey } from "./pairs.ts"
import {
  vectorFiles,
  type CaseKind,
  type Group,
  type Test,
  type VectorFile,
  type VectorFileId,
} from "./files.ts"

export { vectorFiles } from "./files.ts"
export type { CaseKind, VectorFileId } from "./files.ts"

export interface VectorCase {
  /** File and test number. */
  readonly id: string
  readonly kind: CaseKind
  readonly algorithm: KeyAlgorithmId
  /** Undefined: no mechanism of ours, and refused by design. */
  readonly mechanism: MechanismId | undefined
  readonly key: { readonly format: "raw" | "pkcs8" | "spki"; readonly bytes: Uint8Array }
  readonly msg: Uint8Array
  /** Additional data, or the label of OAEP. */
  readonly aad: Uint8Array
  readonly iv: Uint8Array
  readonly ct: Uint8Array
  readonly tag: Uint8Array
  readonly sig: Uint8Array
  /** The other side's public key, SPKI. */
  readonly peer: Uint8Array
  readonly secret: Uint8Array
  readonly encoding: "raw" | undefined
  /** Of a signature. */
  readonly context: Uint8Array
  readonly result: "valid" | "invalid" | "acceptable"
  readonly flags: readonly string[]
}

interface Refusal {
  readonly reason: string
  /** How many cases of all files it takes out. */
  readonly count: number
  readonly applies: (vector: VectorCase) => boolean
}

/** Whole tags, and the blocks of hashes. */
const macs: Partial<Record<MechanismId, { readonly bytes: number; readonly block?: number }>> = {
  HMAC_SHA_1: { bytes: 20, block: 64 },
  HMAC_SHA_256: { bytes: 32, block: 64 },
  HMAC_SHA_384: { bytes: 48, block: 128 },
  HMAC_SHA_512: { bytes: 64, block: 128 },
  HMAC_SHA3_256: { bytes: 32, block: 136 },
  HMAC_SHA3_512: { bytes: 64, block: 72 },
  KMAC_256: { bytes: 64 },
  AES_CMAC: { bytes: 16 },
  AES_GMAC: { bytes: 16 },
  CAMELLIA_CMAC: { bytes: 16 },
}
/** What an HMAC key's length is compared with; nothing for other mechanisms. */
function hmacOf({ mechanism = "AES_GCM" }: VectorCase): { bytes: number; block: number } {
  const { bytes = 0, block } = macs[mechanism] ?? {}
  return block === undefined ? { bytes: 0, block: Infinity } : { bytes, block }
}

/** The first that applies counts. Whatever the vector's own result, such a case must be refused. */
export const refusedByDesign: readonly Refusal[] = [
  {
    reason: "ML-DSA takes messages, not what is left of them in the middle (external mu)",
    count: 42,
    applies: ({ mechanism }) => mechanism === undefined,
  },
  {
    reason: "an RSA public exponent below 65537 is not imported (FIPS 186-5 appendix A.1.1)",
    count: 7,
    applies: ({ kind, flags }) => kind !== "agree" && flags.includes("SmallPublicKey"),
  },
  {
    reason: "a key of zeros is no key",
    count: 2,
    applies: ({ key }) => key.bytes.length > 0 && key.bytes.every((byte) => byte === 0),
  },
  {
    reason: "an IV has its mechanism's length: GCM hashes others (SP 800-38D section 5.2.1.1)",
    count: 284,
    applies: ({ kind, mechanism, iv }) =>
      kind === "cipher" && iv.length !== suites[mechanism as SuiteId].ivBytes,
  },
  {
    reason: "GMAC takes IVs of 96 bits alone, as GCM does",
    count: 207,
    applies: ({ mechanism, iv }) => mechanism === "AES_GMAC" && iv.length !== 12,
  },
  {
    reason: "CCM's tag has 128 bits",
    count: 171,
    applies: ({ mechanism, tag }) => mechanism === "AES_CCM" && tag.length !== 16,
  },
  {
    reason: "an HMAC key is no shorter than its hash (SP 800-107 section 5.3.4)",
    count: 36,
    applies: (vector) => vector.key.bytes.length < hmacOf(vector).bytes,
  },
  {
    reason: "an HMAC key is no longer than its hash's block: it would be hashed first",
    count: 12,
    applies: (vector) => vector.key.bytes.length > hmacOf(vector).block,
  },
  {
    reason: "a MAC is compared whole",
    count: 678,
    applies: ({ mechanism = "AES_GCM", tag }) => tag.length < (macs[mechanism]?.bytes ?? 0),
  },
  {
    reason: "OAEP has an empty label",
    count: 28,
    applies: ({ kind, aad }) => kind === "decrypt" && aad.length > 0,
  },
]

/** The row of {@link refusedByDesign} that a case falls under. */
export function refusalOf(vector: VectorCase): Refusal | undefined {
  return refusedByDesign.find(({ applies }) => applies(vector))
}

/** Where all published vectors lie. */
export const folder =
  process.env["KEYHOLD_VECTORS"] ?? join(import.meta.dirname, "../../../shared/vectors")

/**
 * For `test(name, { skip: vectorsMissing() }, ...)`: false when the vectors are there, otherwise
 * the reason; in CI nothing may be missing.
 */
export function vectorsMissing(): string | false {
  if (existsSync(join(folder, "wycheproof"))) return false
  const reason = `no vectors in ${folder}: set KEYHOLD_VECTORS`
  assert.ok(process.env["CI"] === undefined, reason)
  return reason
}

/** The published file, after its hash and number of tests were compared with the table. */
export function vectorCases(file: VectorFileId): VectorCase[] {
  const row: VectorFile = vectorFiles[file]
  const bytes = gunzipSync(readFileSync(join(folder, "wycheproof", `${file}_test.json.gz`)))
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  assert.equal(sha256, row.sha256, `${file} is not the published file`)
  // The hash has just vouched for its shape.
  const { testGroups } = JSON.parse(bytes.toString()) as { readonly testGroups: readonly Group[] }
  const cases = testGroups.flatMap((group) => casesOf(file, row, group))
  assert.equal(cases.length, row.tests)
  return cases
}

function casesOf(file: string, row: VectorFile, group: Group): VectorCase[] {
  const algorithm = typeof row.algorithm === "string" ? row.algorithm : row.algorithm(group)
  const mechanism = typeof row.mechanism === "function" ? row.mechanism(group) : row.mechanism
  return group.tests.map((one) => ({
    id: `${file}#${one.tcId}`,
    kind: row.kind,
    algorithm,
    mechanism: one.msg === undefined && one.mu !== undefined ? undefined : mechanism,
    key: keyOf(group, algorithm, one),
    msg: hex(one.msg),
    aad: hex(one.aad ?? one.label),
    iv: hex(one.iv),
    ct: hex(one.ct ?? one.c),
    // A MAC with an IV begins with it.
    tag: hex(row.kind === "mac" ? `${one.iv ?? ""}${one.tag}` : one.tag),
    sig: hex(one.sig),
    peer: row.peer === undefined ? none : row.peer(hex(one.public)),
    secret: hex(one.shared ?? one.K),
    encoding: row.encoding,
    context: hex(one.ctx),
    result: resultOf(row, one),
    flags: one.flags ?? [],
  }))
}

function resultOf(
  { isUnusualGood = () => false }: VectorFile,
  { result, flags = [] }: Test,
): VectorCase["result"] {
  // What is weak there is a mechanism of its own here.
  if (flags.includes("WeakHash")) return "valid"
  return result === "acceptable" && isUnusualGood(flags) ? "valid" : result
}

/** RFC 9881 section 6: PKCS#8 of a seed, up to the octet of the parameter set and from there. */
const seedHead = ["3034020100300b06096086480165030403", "04228020"] as const
const seedSets: Partial<Record<KeyAlgorithmId, string>> = {
  ML_DSA_44: "11",
  ML_DSA_65: "12",
  ML_DSA_87: "13",
}

function keyOf(
  group: Group,
  algorithm: KeyAlgorithmId,
  { key: raw, private: secret, seed }: Test,
): VectorCase["key"] {
  if (secret !== undefined) return { format: "pkcs8", bytes: privateKey(algorithm, hex(secret)) }
  if (seed !== undefined) return { format: "pkcs8", bytes: kemKey(algorithm, hex(seed)) }
  if (raw !== undefined) return { format: "raw", bytes: hex(raw) }
  if (group.privateKeyPkcs8 !== undefined) {
    return { format: "pkcs8", bytes: hex(group.privateKeyPkcs8) }
  }
  const set = seedSets[algorithm]
  if (set !== undefined && group.privateSeed !== undefined) {
    return { format: "pkcs8", bytes: hex(seedHead.join(set) + group.privateSeed) }
  }
  return { format: "spki", bytes: hex(group.publicKeyDer) }
}

function hex(text = ""): Uint8Array {
  return Uint8Array.fromHex(text)
}
