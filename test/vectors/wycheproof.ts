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

/** What a case shows. `cipher`: both directions; `decrypt`, `verify`: one; `sign`: one result. */
export type CaseKind = "cipher" | "decrypt" | "verify" | "sign" | "mac" | "wrap"

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
  readonly result: "valid" | "invalid" | "acceptable"
  readonly flags: readonly string[]
}

type Hashed = "SHA_256" | "SHA_384" | "SHA_512"

interface VectorFile {
  readonly kind: CaseKind
  /** A function of the group where that decides. */
  readonly algorithm: KeyAlgorithmId | ((group: Group) => KeyAlgorithmId)
  readonly mechanism: MechanismId | ((group: Group) => MechanismId | undefined)
  readonly tests: number
  /** Of the file as Wycheproof published it, before gzip. */
  readonly sha256: string
}

/** The published JSON, as far as it is read here. */
interface Group extends Readonly<Record<string, unknown>> {
  readonly keySize?: number
  readonly sha?: string
  readonly publicKeyDer?: string
  readonly privateKeyPkcs8?: string
  readonly tests: readonly ({
    readonly tcId: number
    readonly flags: readonly string[]
    readonly result: VectorCase["result"]
  } & Readonly<
    Partial<Record<"key" | "msg" | "aad" | "label" | "iv" | "ct" | "tag" | "sig", string>>
  >)[]
}

// Wycheproof's key sizes are those of our identifiers.
const aes = ({ keySize }: Group): KeyAlgorithmId => `AES_${keySize}` as KeyAlgorithmId
const rsa = ({ keySize }: Group): KeyAlgorithmId => `RSA_${keySize}` as KeyAlgorithmId
const pkcs1 = ({ sha }: Group): MechanismId | undefined =>
  (
    {
      "SHA-256": "RSA_PKCS1_SHA_256",
      "SHA-384": "RSA_PKCS1_SHA_384",
      "SHA-512": "RSA_PKCS1_SHA_512",
    } as const
  )[sha as "SHA-256"]
const hmac = (hash: Hashed) =>
  ({ kind: "mac", algorithm: `HMAC_${hash}`, mechanism: `HMAC_${hash}` }) as const
const ecdsa = (algorithm: "EC_P256" | "EC_P384" | "EC_P521", hash: Hashed) =>
  ({ kind: "verify", algorithm, mechanism: `ECDSA_${hash}` }) as const
const oaep = (hash: Hashed) =>
  ({ kind: "decrypt", algorithm: rsa, mechanism: `RSA_OAEP_${hash}` }) as const
const pss = (hash: Hashed) =>
  ({ kind: "verify", algorithm: rsa, mechanism: `RSA_PSS_${hash}` }) as const

/** Every file of an algorithm that we have; by its name without `_test.json`. */
export const vectorFiles = {
  aes_gcm: {
    kind: "cipher",
    algorithm: aes,
    mechanism: "AES_GCM",
    tests: 316,
    sha256: "985e5ecc172e181eaf49e89508b9470dcf478002eb7e8559c707eb42dc97dfe7",
  },
  aes_cbc_pkcs5: {
    kind: "cipher",
    algorithm: aes,
    mechanism: "AES_CBC_PAD",
    tests: 216,
    sha256: "e45234427e10cf91f27324e52afe8c00906f294dbae061535e2ae13dd300a46a",
  },
  aes_kwp: {
    kind: "wrap",
    algorithm: aes,
    mechanism: "AES_KWP",
    tests: 254,
    sha256: "e89624734deeba8bb937acba5381a5cb137c7050bf8bfd0bd70bd8438170b436",
  },
  hmac_sha256: {
    ...hmac("SHA_256"),
    tests: 174,
    sha256: "2d201cfa61d1bf95e6f5d07d96634b4a348b31e8eaa277ad7c8d09677b7a743f",
  },
  hmac_sha384: {
    ...hmac("SHA_384"),
    tests: 174,
    sha256: "28b9776e979dd755d852ca471043ea6cedce8b15f7a28abdf6ea9efd982b43c0",
  },
  hmac_sha512: {
    ...hmac("SHA_512"),
    tests: 174,
    sha256: "b6c90477bdb4a6fc8ee3d1f7b2c0b69a8dfffab34718abaa6cabd71cc2ba1207",
  },
  ecdsa_secp256r1_sha256: {
    ...ecdsa("EC_P256", "SHA_256"),
    tests: 484,
    sha256: "182db4f3e230f6f9fa9f800d2a614dede30284b8e8438bbfe1171905402e9332",
  },
  ecdsa_secp384r1_sha384: {
    ...ecdsa("EC_P384", "SHA_384"),
    tests: 504,
    sha256: "8a5b3ae1760975143414811f13588c24d951d9d8c904195087ba327591dfe9cc",
  },
  ecdsa_secp521r1_sha512: {
    ...ecdsa("EC_P521", "SHA_512"),
    tests: 542,
    sha256: "0fa3bb09a2319242253028b53d555fb8ec2081d891271321205cdaeabb3eef3e",
  },
  ed25519: {
    kind: "verify",
    algorithm: "ED25519",
    mechanism: "ED25519",
    tests: 151,
    sha256: "752d2ea7d7c6cf4736381b6cbacb61f8182b126ab7cd9b058f00c50084975536",
  },
  rsa_oaep_2048_sha256_mgf1sha256: {
    ...oaep("SHA_256"),
    tests: 37,
    sha256: "83dce701e3d8640ac56e6d7bf37a5a8f9bd6a336e1e932a1e9bfe4ba9c5ea3a9",
  },
  rsa_oaep_3072_sha512_mgf1sha512: {
    ...oaep("SHA_512"),
    tests: 33,
    sha256: "ddef1a4ad4be281f49a8be85ed11adbe69a03d667530cc7638739d5c7f519fc9",
  },
  rsa_oaep_4096_sha256_mgf1sha256: {
    ...oaep("SHA_256"),
    tests: 37,
    sha256: "e0eb85bcd6d66a85941ee3d98e44f7d1ffb0cf870ba6550e1ed3bec4174c60a9",
  },
  rsa_pss_2048_sha256_mgf1_32: {
    ...pss("SHA_256"),
    tests: 108,
    sha256: "7f6efafc160f4816b96cbf1c12188a31051d7e3f001e27505d9edb5f2a0e325c",
  },
  rsa_pss_2048_sha384_mgf1_48: {
    ...pss("SHA_384"),
    tests: 141,
    sha256: "66d464778b0b2f683a1d1a20e94f77e9472b8cc393b45f423fa08a48e677063c",
  },
  rsa_pss_3072_sha256_mgf1_32: {
    ...pss("SHA_256"),
    tests: 108,
    sha256: "cca48433e6d1accb57f65b3396c4f4dd93c776467101c3f0948e74c283fd4749",
  },
  rsa_pss_4096_sha512_mgf1_64: {
    ...pss("SHA_512"),
    tests: 179,
    sha256: "c93ceaa56a190c9fd4707441c5c6a75839f108202d88aec891697f9623042547",
  },
  rsa_signature_2048_sha256: {
    kind: "verify",
    algorithm: rsa,
    mechanism: pkcs1,
    tests: 259,
    sha256: "94a917b01ff50fb874cfc05bf29b4af44868d944a6558201cf18380da93fb393",
  },
  rsa_signature_3072_sha384: {
    kind: "verify",
    algorithm: rsa,
    mechanism: pkcs1,
    tests: 259,
    sha256: "73499ee649d8fb703b3f0f455fa36f7682fde677c590a736958ebce05ab27dae",
  },
  rsa_signature_4096_sha512: {
    kind: "verify",
    algorithm: rsa,
    mechanism: pkcs1,
    tests: 259,
    sha256: "9d6e67b1eb0d7040db411835238efd20e9302399a258bdff82de3f38e0f2855a",
  },
  rsa_pkcs1_2048_sig_gen: {
    kind: "sign",
    algorithm: rsa,
    mechanism: pkcs1,
    tests: 43,
    sha256: "587b3d27d3429f2118cb02818da4d08eb3f36f50c747939eb550fae4337ccbf0",
  },
  rsa_pkcs1_3072_sig_gen: {
    kind: "sign",
    algorithm: rsa,
    mechanism: pkcs1,
    tests: 26,
    sha256: "45153219d486fd135d35aa968a957a0c015c7829e8dc59bea5f87e6c30912677",
  },
} as const satisfies Record<string, VectorFile>
export type VectorFileId = keyof typeof vectorFiles

interface Refusal {
  readonly reason: string
  /** How many cases of all files it takes out. */
  readonly count: number
  readonly applies: (vector: VectorCase) => boolean
}

const macBytes: Partial<Record<MechanismId, number>> = {
  HMAC_SHA_256: 32,
  HMAC_SHA_384: 48,
  HMAC_SHA_512: 64,
}

/** The first that applies counts. Whatever the vector's own result, such a case must be refused. */
export const refusedByDesign: readonly Refusal[] = [
  {
    reason: "SHA-1 and SHA-224 are no mechanisms of ours",
    count: 16,
    applies: ({ mechanism }) => mechanism === undefined,
  },
  {
    reason: "an RSA public exponent below 65537 is not imported (FIPS 186-5 appendix A.1.1)",
    count: 7,
    applies: ({ flags }) => flags.includes("SmallPublicKey"),
  },
  {
    reason: "GCM takes IVs of 96 bits alone: others are hashed (SP 800-38D section 5.2.1.1)",
    count: 119,
    applies: ({ mechanism, iv }) => mechanism === "AES_GCM" && iv.length !== 12,
  },
  {
    reason: "an HMAC key is no shorter than its hash (SP 800-107 section 5.3.4)",
    count: 18,
    applies: ({ mechanism = "AES_GCM", key }) => key.bytes.length < (macBytes[mechanism] ?? 0),
  },
  {
    reason: "an HMAC key is no longer than its hash's block: it would be hashed first",
    count: 6,
    applies: ({ mechanism, key }) => mechanism === "HMAC_SHA_256" && key.bytes.length > 64,
  },
  {
    reason: "a MAC is compared whole",
    count: 249,
    applies: ({ mechanism = "AES_GCM", tag }) => tag.length < (macBytes[mechanism] ?? 0),
  },
  {
    reason: "OAEP has an empty label",
    count: 21,
    applies: ({ kind, aad }) => kind === "decrypt" && aad.length > 0,
  },
]

/** The row of {@link refusedByDesign} that a case falls under. */
export function refusalOf(vector: VectorCase): Refusal | undefined {
  return refusedByDesign.find(({ applies }) => applies(vector))
}

const folder =
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
    mechanism,
    key: keyOf(group, one.key),
    msg: hex(one.msg),
    aad: hex(one.aad ?? one.label),
    iv: hex(one.iv),
    ct: hex(one.ct),
    tag: hex(one.tag),
    sig: hex(one.sig),
    result: one.result,
    flags: one.flags,
  }))
}

function keyOf(group: Group, raw: string | undefined): VectorCase["key"] {
  if (raw !== undefined) return { format: "raw", bytes: hex(raw) }
  if (group.privateKeyPkcs8 !== undefined) {
    return { format: "pkcs8", bytes: hex(group.privateKeyPkcs8) }
  }
  return { format: "spki", bytes: hex(group.publicKeyDer) }
}

function hex(text = ""): Uint8Array {
  return Uint8Array.fromHex(text)
}
