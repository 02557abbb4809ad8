/** Which file of Wycheproof's tests which of our algorithms; what it has to be, byte for byte. */
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { sharedSecretFiles } from "./shared-secret-files.ts"

/**
 * What a case shows. `cipher`: both directions; `decrypt`, `verify`: one; `sign`: one result;
 * `hedged`: one of many signatures, all of which verify.
 */
export type CaseKind =
  | "cipher"
  | "decrypt"
  | "verify"
  | "sign"
  | "hedged"
  | "mac"
  | "wrap"
  | "kem"
  | "agree"

type Sha2 = "SHA_256" | "SHA_384" | "SHA_512"
type Hashed = Sha2 | "SHA_1" | "SHA3_256" | "SHA3_512"

export interface VectorFile {
  readonly kind: CaseKind
  /** A function of the group where that decides. */
  readonly algorithm: KeyAlgorithmId | ((group: Group) => KeyAlgorithmId)
  readonly mechanism: MechanismId | ((group: Group) => MechanismId | undefined)
  /** Of ECDSA's signatures, where it is not DER. */
  readonly encoding?: "raw"
  /** The other side's public key as SPKI. */
  readonly peer?: (published: Uint8Array) => Uint8Array
  /** Cases that are acceptable there and right here, by their flags. */
  readonly isUnusualGood?: (flags: readonly string[]) => boolean
  readonly tests: number
  /** Of the file as Wycheproof published it, before gzip. */
  readonly sha256: string
}

/** The published JSON, as far as it is read here. */
export interface Group extends Readonly<Record<string, unknown>> {
  readonly keySize?: number
  readonly sha?: string
  readonly publicKeyDer?: string
  readonly privateKeyPkcs8?: string
  /** Of ML-DSA, where there is no PKCS#8. */
  readonly privateSeed?: string
  readonly tests: readonly Test[]
}

type Field =
  | ("key" | "msg" | "aad" | "label" | "ctx" | "iv" | "ct" | "mu" | "tag" | "sig")
  | ("private" | "public" | "shared" | "seed" | "c" | "K")

export interface Test extends Readonly<Partial<Record<Field, string>>> {
  readonly tcId: number
  readonly flags?: readonly string[]
  readonly result: "valid" | "invalid" | "acceptable"
}

// Wycheproof's key sizes are those of our identifiers.
const sized =
  (family: "AES" | "CAMELLIA") =>
  ({ keySize = 0 }: Group): KeyAlgorithmId =>
    // Keys of other sizes are in the files to be refused by whatever algorithm.
    [128, 192, 256].includes(keySize) ? (`${family}_${keySize}` as KeyAlgorithmId) : `${family}_128`
const aes = sized("AES")
const rsa = ({ keySize }: Group): KeyAlgorithmId => `RSA_${keySize}` as KeyAlgorithmId
// Its hashes are those of our identifiers, but for a dash.
const pkcs1 = ({ sha = "" }: Group): MechanismId =>
  `RSA_PKCS1_${sha.replace("-", "_")}` as MechanismId
const hmac = (hash: Hashed) =>
  ({ kind: "mac", algorithm: `HMAC_${hash}`, mechanism: `HMAC_${hash}` }) as const
const ecdsa = (algorithm: KeyAlgorithmId, hash: Sha2 | "SHA3_256") =>
  ({ kind: "verify", algorithm, mechanism: `ECDSA_${hash}` }) as const
const dsa = { kind: "verify", algorithm: "DSA_2048", mechanism: "DSA_SHA_256" } as const
const oaep = (hash: Sha2 | "SHA_1") =>
  ({ kind: "decrypt", algorithm: rsa, mechanism: `RSA_OAEP_${hash}` }) as const
const pss = (hash: Sha2) =>
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
  aes_gcm_siv: {
    kind: "cipher",
    algorithm: aes,
    mechanism: "AES_GCM_SIV",
    tests: 202,
    sha256: "d96e4f8c0db1a5e3b395907120f9d417d599507e7a08a1f60babff09ae276a8d",
  },
  aes_ccm: {
    kind: "cipher",
    algorithm: aes,
    mechanism: "AES_CCM",
    tests: 552,
    sha256: "e713a981df1f261098245f4a1031a34a611df93e0d83f4a6a2c1a13e9ba62d7b",
  },
  xchacha20_poly1305: {
    kind: "cipher",
    algorithm: "CHACHA20",
    mechanism: "XCHACHA20_POLY1305",
    tests: 315,
    sha256: "a79de072571b90eb40c3a63ce0c7f75dcb4b62323c8870228e1f61dcc61d63a9",
  },
  chacha20_poly1305: {
    kind: "cipher",
    algorithm: "CHACHA20",
    mechanism: "CHACHA20_POLY1305",
    tests: 325,
    sha256: "fe61d25f90e1bde4461d00eafe61049e5f29bd999f36b766df9cda90906ad53d",
  },
  aes_cbc_pkcs5: {
    kind: "cipher",
    algorithm: aes,
    mechanism: "AES_CBC_PAD",
    tests: 216,
    sha256: "e45234427e10cf91f27324e52afe8c00906f294dbae061535e2ae13dd300a46a",
  },
  camellia_cbc_pkcs5: {
    kind: "cipher",
    algorithm: sized("CAMELLIA"),
    mechanism: "CAMELLIA_CBC_PAD",
    tests: 216,
    sha256: "6cc19e584fef532d70bfd0dd0a7cc7a564ca4c8d73d3904690bb29958f46193e",
  },
  aes_kwp: {
    kind: "wrap",
    algorithm: aes,
    mechanism: "AES_KWP",
    tests: 254,
    sha256: "e89624734deeba8bb937acba5381a5cb137c7050bf8bfd0bd70bd8438170b436",
  },
  aes_wrap: {
    kind: "wrap",
    algorithm: aes,
    mechanism: "AES_KW",
    tests: 165,
    sha256: "2fdb3661fd8823d1ec50e03886b24066415018975677dff83d83e77f5a51562d",
  },
  hmac_sha1: {
    ...hmac("SHA_1"),
    tests: 170,
    sha256: "b521c6180a862247986392d3cb49b511fc7fe790e75bee236f84e36ca290c7c0",
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
  hmac_sha3_256: {
    ...hmac("SHA3_256"),
    tests: 174,
    sha256: "8f1bad7c725c0f6325ea975ddd661f51663862823cd07084b230efe0f6a0ed6b",
  },
  hmac_sha3_512: {
    ...hmac("SHA3_512"),
    tests: 174,
    sha256: "60cd4c3be286a9c6ce49d93ce6901762e3cd0ebbfc4f08ccfd5f2b595c641860",
  },
  kmac256_no_customization: {
    kind: "mac",
    algorithm: "KMAC_256",
    mechanism: "KMAC_256",
    tests: 261,
    sha256: "950b9e8f64bd4e614aa3d825f0cd0570ec33c6cdfc81cbd043c429265149a671",
  },
  aes_cmac: {
    kind: "mac",
    algorithm: aes,
    mechanism: "AES_CMAC",
    tests: 311,
    sha256: "c1b441008b5355d8070c50e2533f9c1230759015268c3770ea4b0d6d19f8f134",
  },
  camellia_cmac: {
    kind: "mac",
    algorithm: sized("CAMELLIA"),
    mechanism: "CAMELLIA_CMAC",
    tests: 311,
    sha256: "ac7c3db6470959d10520419d18d6d9bad59919c97da447b34e335ba8250e081f",
  },
  aes_gmac: {
    kind: "mac",
    algorithm: aes,
    mechanism: "AES_GMAC",
    tests: 414,
    sha256: "e2f98488d4d3a38ec5f72b5cf75b85ed393d6763a4c1828c090c81a79534aab6",
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
  ecdsa_secp256r1_sha3_256: {
    ...ecdsa("EC_P256", "SHA3_256"),
    tests: 482,
    sha256: "8e88fe7c0c33d103392e0cdadb928b9299393e3262d324d185c79a4682dfe289",
  },
  ecdsa_secp256k1_sha256: {
    ...ecdsa("EC_SECP256K1", "SHA_256"),
    tests: 476,
    sha256: "43db761c0a2eae71fb0755d355d5130e28ce64a5b07846cf27e7072082597a81",
  },
  ecdsa_brainpoolP256r1_sha256: {
    ...ecdsa("EC_BRAINPOOL_P256", "SHA_256"),
    tests: 485,
    sha256: "0c1bb62a715cf20a0de88d5e81d05dbd8d0b439e4e8edd88d2229e98961583d4",
  },
  ecdsa_brainpoolP384r1_sha384: {
    ...ecdsa("EC_BRAINPOOL_P384", "SHA_384"),
    tests: 516,
    sha256: "b7338b35a71d3269abde4c2548ea6f95dff17f80ba5f34c20f9821da37963694",
  },
  ecdsa_brainpoolP512r1_sha512: {
    ...ecdsa("EC_BRAINPOOL_P512", "SHA_512"),
    tests: 559,
    sha256: "4977b4e1effc815adb4d9cbeeb7d3d5896bda5078b29deda5a7d03c2e750d02b",
  },
  ecdsa_secp256r1_sha256_p1363: {
    ...ecdsa("EC_P256", "SHA_256"),
    encoding: "raw",
    tests: 262,
    sha256: "c60de693930e386c3a5472d08081623ef8504decc54b38ac01ec6b2a2575c986",
  },
  ecdsa_secp256k1_sha256_p1363: {
    ...ecdsa("EC_SECP256K1", "SHA_256"),
    encoding: "raw",
    tests: 252,
    sha256: "7a339efc7134fb2495cd32afdbd692e0f86427d3c24e9073f6a7d858bb8788d2",
  },
  dsa_2048_256_sha256: {
    ...dsa,
    tests: 366,
    sha256: "08a050e4e000bf56bc7ef2399c9c3155ac24fb22be9a0a78eaf391018456d94c",
  },
  ed448: {
    kind: "verify",
    algorithm: "ED448",
    mechanism: "ED448",
    tests: 87,
    sha256: "3b3c7995853deb2fbbb49fba0fd292f314dc081f9154bd33252f294ca211289a",
  },
  mldsa_44_verify: {
    kind: "verify",
    algorithm: "ML_DSA_44",
    mechanism: "ML_DSA",
    tests: 180,
    sha256: "0ca1b5df4575263e29b31fae7569a3da41df9a3b6fee56720a992d0cd1153b68",
  },
  mldsa_44_sign_seed: {
    kind: "hedged",
    algorithm: "ML_DSA_44",
    mechanism: "ML_DSA",
    tests: 86,
    sha256: "b29b0dcca2e52c988e1b9c06f8b521889ffbaadfc6a9dbf52f0f0f8f4c5b6b92",
  },
  mldsa_65_verify: {
    kind: "verify",
    algorithm: "ML_DSA_65",
    mechanism: "ML_DSA",
    tests: 210,
    sha256: "49ac366d76115eab56b7116f10d06e288e6f23fe6cfb90b26bfb2d731a8d1e02",
  },
  mldsa_65_sign_seed: {
    kind: "hedged",
    algorithm: "ML_DSA_65",
    mechanism: "ML_DSA",
    tests: 105,
    sha256: "d72e9c2f514c9f7490c33785ae0027d942ba2c45a9b8ebfc8fb1802b4913bf38",
  },
  mldsa_87_verify: {
    kind: "verify",
    algorithm: "ML_DSA_87",
    mechanism: "ML_DSA",
    tests: 241,
    sha256: "e9e04216d4217265a5affba2568476d35742dbd8ffc9d4c23b3441334a08a224",
  },
  mldsa_87_sign_seed: {
    kind: "hedged",
    algorithm: "ML_DSA_87",
    mechanism: "ML_DSA",
    tests: 96,
    sha256: "e83c292318134faa6af777e86c619c4643e2705dba91dfa5adcd1fddfd4f40ce",
  },
  rsa_oaep_2048_sha1_mgf1sha1: {
    ...oaep("SHA_1"),
    tests: 36,
    sha256: "2c7b3694cd9265eb88ddb586ca29aefcea02938bde772e19a71a4fa601fc71c5",
  },
  rsa_pkcs1_2048: {
    kind: "decrypt",
    algorithm: rsa,
    mechanism: "RSA_PKCS1_ENCRYPTION",
    tests: 67,
    sha256: "28466c4390f1f8943754a990ba36397ebbac628117d91b57f87e1ba200b932f3",
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
  ...sharedSecretFiles,
} as const satisfies Record<string, VectorFile>
export type VectorFileId = keyof typeof vectorFiles
