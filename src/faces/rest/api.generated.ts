/** Made from api/openapi.yaml by `npm run generate`. Do not edit. */

/** 128 bits in Crockford's base32, lower case; made by the server, never reused. */
export type Id = string

/** A key's id or name. */
export type KeyRef = string

/** Unique in its partition; never looks like an id. */
export type Name = string

export type IdempotencyKey = string

/** RFC 3339, UTC. */
export type Instant = string

/** Of a key; counts from 1. 1 to 2147483647. */
export type Version = number

/** Counts an object's changes from 1. 1 to 9007199254740991. */
export type Revision = number

export type KeyAlgorithm =
  | "AES_128"
  | "AES_192"
  | "AES_256"
  | "CHACHA20"
  | "CAMELLIA_128"
  | "CAMELLIA_192"
  | "CAMELLIA_256"
  | "TDEA"
  | "HMAC_SHA_1"
  | "HMAC_SHA_224"
  | "HMAC_SHA_256"
  | "HMAC_SHA_384"
  | "HMAC_SHA_512"
  | "HMAC_SHA_512_224"
  | "HMAC_SHA_512_256"
  | "HMAC_SHA3_224"
  | "HMAC_SHA3_256"
  | "HMAC_SHA3_384"
  | "HMAC_SHA3_512"
  | "KMAC_128"
  | "KMAC_256"
  | "POLY1305"
  | "GENERIC_SECRET"
  | "PASSWORD"
  | "RSA_2048"
  | "RSA_3072"
  | "RSA_4096"
  | "RSA_8192"
  | "EC_P224"
  | "EC_P256"
  | "EC_P384"
  | "EC_P521"
  | "EC_SECP256K1"
  | "EC_BRAINPOOL_P224"
  | "EC_BRAINPOOL_P256"
  | "EC_BRAINPOOL_P320"
  | "EC_BRAINPOOL_P384"
  | "EC_BRAINPOOL_P512"
  | "DSA_2048"
  | "DSA_3072"
  | "ED25519"
  | "ED448"
  | "X25519"
  | "X448"
  | "DH_FFDHE2048"
  | "DH_FFDHE3072"
  | "DH_FFDHE4096"
  | "DH_FFDHE6144"
  | "DH_FFDHE8192"
  | "ML_KEM_512"
  | "ML_KEM_768"
  | "ML_KEM_1024"
  | "ML_DSA_44"
  | "ML_DSA_65"
  | "ML_DSA_87"
  | "SLH_DSA_SHA2_128S"
  | "SLH_DSA_SHA2_128F"
  | "SLH_DSA_SHA2_192S"
  | "SLH_DSA_SHA2_192F"
  | "SLH_DSA_SHA2_256S"
  | "SLH_DSA_SHA2_256F"
  | "SLH_DSA_SHAKE_128S"
  | "SLH_DSA_SHAKE_128F"
  | "SLH_DSA_SHAKE_192S"
  | "SLH_DSA_SHAKE_192F"
  | "SLH_DSA_SHAKE_256S"
  | "SLH_DSA_SHAKE_256F"
  | "LMS_SHA256_H5"
  | "LMS_SHA256_H10"
  | "LMS_SHA256_H15"
  | "HSS_SHA256_H5_H5"
  | "HSS_SHA256_H10_H10"
  | "HSS_LMS"
  | "XMSS_SHA2_10_256"
  | "BIP32_SECP256K1"
  | "SLIP10_P256"
  | "SLIP10_ED25519"
  | "BIP32_ED25519_CARDANO"

/** The first that the key's algorithm serves, when absent. */
export type Mechanism =
  | "XAES_256_GCM"
  | "AES_GCM"
  | "AES_GCM_SIV"
  | "AES_CCM"
  | "XCHACHA20_POLY1305"
  | "CHACHA20_POLY1305"
  | "AES_CBC_PAD"
  | "AES_CBC"
  | "AES_CTR"
  | "AES_ECB"
  | "CAMELLIA_CBC_PAD"
  | "CAMELLIA_CBC"
  | "CAMELLIA_CTR"
  | "CAMELLIA_ECB"
  | "TDEA_CBC_PAD"
  | "TDEA_CBC"
  | "TDEA_ECB"
  | "RSA_OAEP_SHA_1"
  | "RSA_OAEP_SHA_256"
  | "RSA_OAEP_SHA_384"
  | "RSA_OAEP_SHA_512"
  | "RSA_PKCS1_ENCRYPTION"
  | "RSA_RAW"
  | "ECDSA_SHA_256"
  | "ECDSA_SHA_384"
  | "ECDSA_SHA_512"
  | "ECDSA_SHA_512_256"
  | "ECDSA_SHA3_256"
  | "ECDSA_SHA3_384"
  | "ECDSA_SHA3_512"
  | "ECDSA_SHA_224"
  | "ECDSA_SHA_512_224"
  | "ECDSA_SHA3_224"
  | "ECDSA_KECCAK_224"
  | "ECDSA_KECCAK_256"
  | "ECDSA_KECCAK_384"
  | "ECDSA_KECCAK_512"
  | "ECDSA_BLAKE2B_512"
  | "ECDSA_BLAKE2S_256"
  | "ECDSA_DOUBLE_SHA_256"
  | "ECDSA_RIPEMD_160"
  | "ECDSA_SHA_1"
  | "ECDSA_NONE"
  | "BIP340_SCHNORR"
  | "RSA_PSS_SHA_256"
  | "RSA_PSS_SHA_384"
  | "RSA_PSS_SHA_512"
  | "RSA_PSS_SHA_512_256"
  | "RSA_PSS_SHA3_256"
  | "RSA_PSS_SHA3_384"
  | "RSA_PSS_SHA3_512"
  | "RSA_PSS_SHA_224"
  | "RSA_PSS_SHA_512_224"
  | "RSA_PSS_SHA3_224"
  | "RSA_PSS_RIPEMD_160"
  | "RSA_PSS_SHA_1"
  | "RSA_PKCS1_SHA_256"
  | "RSA_PKCS1_SHA_384"
  | "RSA_PKCS1_SHA_512"
  | "RSA_PKCS1_SHA_512_256"
  | "RSA_PKCS1_SHA3_256"
  | "RSA_PKCS1_SHA3_384"
  | "RSA_PKCS1_SHA3_512"
  | "RSA_PKCS1_SHA_224"
  | "RSA_PKCS1_SHA_512_224"
  | "RSA_PKCS1_SHA3_224"
  | "RSA_PKCS1_RIPEMD_160"
  | "RSA_PKCS1_SHA_1"
  | "RSA_PKCS1_NONE"
  | "DSA_SHA_256"
  | "DSA_SHA_384"
  | "DSA_SHA_512"
  | "DSA_SHA_512_256"
  | "DSA_SHA3_256"
  | "DSA_SHA3_384"
  | "DSA_SHA3_512"
  | "DSA_SHA_224"
  | "DSA_SHA_512_224"
  | "DSA_SHA3_224"
  | "DSA_SHA_1"
  | "DSA_NONE"
  | "ED25519"
  | "ED25519_CTX"
  | "ED25519_PH"
  | "ED448"
  | "ED448_PH"
  | "ML_DSA"
  | "HASH_ML_DSA_SHA_512"
  | "HASH_ML_DSA_SHA3_512"
  | "HASH_ML_DSA_SHAKE_256"
  | "HASH_ML_DSA_SHA_384"
  | "HASH_ML_DSA_SHA3_384"
  | "HASH_ML_DSA_SHA_256"
  | "HASH_ML_DSA_SHA_512_256"
  | "HASH_ML_DSA_SHA3_256"
  | "HASH_ML_DSA_SHAKE_128"
  | "SLH_DSA"
  | "HASH_SLH_DSA_SHA_512"
  | "HASH_SLH_DSA_SHA3_512"
  | "HASH_SLH_DSA_SHAKE_256"
  | "HASH_SLH_DSA_SHA_384"
  | "HASH_SLH_DSA_SHA3_384"
  | "HASH_SLH_DSA_SHA_256"
  | "HASH_SLH_DSA_SHA_512_256"
  | "HASH_SLH_DSA_SHA3_256"
  | "HASH_SLH_DSA_SHAKE_128"
  | "HSS_LMS"
  | "XMSS"
  | "HMAC_SHA_1"
  | "HMAC_SHA_224"
  | "HMAC_SHA_256"
  | "HMAC_SHA_384"
  | "HMAC_SHA_512"
  | "HMAC_SHA_512_224"
  | "HMAC_SHA_512_256"
  | "HMAC_SHA3_224"
  | "HMAC_SHA3_256"
  | "HMAC_SHA3_384"
  | "HMAC_SHA3_512"
  | "KMAC_128"
  | "KMAC_256"
  | "AES_CMAC"
  | "AES_GMAC"
  | "CAMELLIA_CMAC"
  | "POLY1305"
  | "AES_KWP"
  | "AES_KW"
  | "ECDH_ES_A256KW"
  | "ML_KEM_AES_KWP"
  | "RSA_AES_KWP_SHA_256"
  | "RSA_AES_KWP_SHA_384"
  | "RSA_AES_KWP_SHA_512"
  | "RSA_AES_KWP_SHA_1"
  | "RSA_OAEP_WRAP_SHA_256"
  | "RSA_OAEP_WRAP_SHA_384"
  | "RSA_OAEP_WRAP_SHA_512"
  | "RSA_OAEP_WRAP_SHA_1"
  | "ML_KEM"
  | "ECDH"
  | "X25519"
  | "X448"
  | "DH"
  | "AGREEMENT_HKDF_SHA_256"
  | "AGREEMENT_HKDF_SHA_384"
  | "AGREEMENT_HKDF_SHA_512"
  | "HKDF_SHA_256"
  | "HKDF_SHA_384"
  | "HKDF_SHA_512"
  | "KBKDF_COUNTER_HMAC_SHA_256"
  | "KBKDF_COUNTER_HMAC_SHA_384"
  | "KBKDF_COUNTER_HMAC_SHA_512"
  | "KBKDF_COUNTER_AES_CMAC"
  | "KBKDF_FEEDBACK_HMAC_SHA_256"
  | "KBKDF_FEEDBACK_HMAC_SHA_384"
  | "KBKDF_FEEDBACK_HMAC_SHA_512"
  | "KBKDF_FEEDBACK_AES_CMAC"
  | "ARGON2ID"
  | "PBKDF2_HMAC_SHA_256"
  | "PBKDF2_HMAC_SHA_512"

export type KeyState =
  | "active"
  | "disabled"
  | "awaiting-material"
  | "deleting"
  | "invalidated"
  | "destroyed"

export type KeyUsage =
  | "encrypt"
  | "decrypt"
  | "sign"
  | "verify"
  | "wrap"
  | "unwrap"
  | "derive"
  | "encapsulate"
  | "decapsulate"

/** What the key may do; the algorithm's defaults when absent. At most 9. */
export type Usages = readonly KeyUsage[]

export type Role =
  | "user"
  | "manager"
  | "approver"
  | "auditor"
  | "officer"
  | "operator"
  | "cluster-officer"

/** At most 7. */
export type Roles = readonly Role[]

/** What a decision is about. */
export type Operation =
  | "key.encrypt"
  | "key.decrypt"
  | "key.sign"
  | "key.verify"
  | "key.mac"
  | "key.verify-mac"
  | "key.data-key"
  | "key.encapsulate"
  | "key.decapsulate"
  | "key.agree"
  | "key.wrap"
  | "key.unwrap"
  | "key.derive"
  | "key.timestamp"
  | "key.describe"
  | "key.public"
  | "key.explain"
  | "key.read-policy"
  | "key.set-policy"
  | "key.last-use"
  | "key.receipt"
  | "key.address"
  | "key.derive-public"
  | "key.extended-public"
  | "key.derive-child"
  | "key.create"
  | "key.import"
  | "key.replicate"
  | "key.set-primary"
  | "key.list"
  | "key.import-parameters"
  | "key.import-material"
  | "key.delete-material"
  | "key.update"
  | "key.enable"
  | "key.disable"
  | "key.rotate"
  | "key.delete"
  | "key.cancel-deletion"
  | "key.restore"
  | "key.purge"
  | "grant.create"
  | "grant.list"
  | "grant.list-retirable"
  | "grant.retire"
  | "grant.revoke"
  | "alias.create"
  | "alias.move"
  | "alias.delete"
  | "alias.list"
  | "key.trust"
  | "key.fast-forward"
  | "key.block"
  | "key.unblock"
  | "key.set-rules"
  | "key.protect"
  | "key.export-plain"
  | "key.export-wrapped"
  | "certificate.request"
  | "certificate.self-sign"
  | "certificate.issue"
  | "certificate.read"
  | "certificate.store"
  | "certificate.delete"
  | "request.create"
  | "request.list"
  | "request.read"
  | "request.speak"
  | "request.cancel"
  | "call.stamp"
  | "call.make"
  | "data-object.create"
  | "data-object.read"
  | "data-object.read-private"
  | "data-object.delete"
  | "random.generate"
  | "partition.read"
  | "partition.update"
  | "partition.set-rules"
  | "webhook.create"
  | "webhook.list"
  | "webhook.test"
  | "webhook.delete"
  | "partition.block"
  | "partition.unblock"
  | "principal.create"
  | "principal.list"
  | "principal.read"
  | "principal.update"
  | "principal.delete"
  | "principal.issue-token"
  | "principal.issue-access-key"
  | "principal.revoke-token"
  | "principal.rotate-own-token"
  | "approver.create"
  | "approver.create-with-key"
  | "approver.renew-code"
  | "approver.list"
  | "approver.delete"
  | "approver.resolve"
  | "approver.onboard"
  | "approver.receive-key"
  | "issuer.create"
  | "issuer.list"
  | "issuer.delete"
  | "audit.read"
  | "cluster.create-partition"
  | "cluster.list-partitions"
  | "cluster.read-partition"
  | "cluster.update-partition"
  | "cluster.seal"
  | "cluster.shred"

/** Free pairs of name and value. */
export type Tags = Readonly<Record<string, string>>

export type Description = string

/** A new version so often. 86400 to 315360000. */
export type RotationPeriodSeconds = number

/**
 * `message`, unless told otherwise: the node hashes it. `digest`: the caller has hashed it
 * with the mechanism's hash. `mu`: the 64 bytes that ML-DSA makes of key, context and message
 * (FIPS 204 section 6.2). Another length than the mechanism's is refused.
 */
export type MessageType = "message" | "digest" | "mu"

/**
 * Of ECDSA: `der` (RFC 3279), or `raw`: r and s side by side (IEEE P1363). Of secp256k1 also
 * `recoverable`: these and a last byte, 0 to 3, by which the key follows from the signature.
 */
export type SignatureEncoding = "der" | "raw" | "recoverable"

/**
 * From a seed to one of its keys (BIP 32): `m/44'/60'/0'/0/0`, a mark or an h where a step is
 * hardened.
 */
export type Path = string

/**
 * Of a seed: patterns of the paths that may be used, every path when absent. A step may be `*`
 * (any that is not hardened) or `*'` (any that is), and the end may be `/**` (whatever
 * follows). At most 32.
 */
export type Paths = readonly string[]

export type Chain =
  | "BTC_P2PKH"
  | "BTC_P2WPKH"
  | "BTC_P2TR"
  | "ETH"
  | "TRX"
  | "XRP"
  | "ADA"
  | "ADA_ENTERPRISE"
  | "ADA_STAKE"
  | "SOL"
  | "XLM"
  | "IOTA"
  | "DOT"

/** `mainnet`, unless told otherwise; `testnet` where its addresses differ. */
export type Network = "mainnet" | "testnet"

/**
 * The same message gets the same signature: ECDSA with nonces of RFC 6979, ML-DSA and SLH-DSA
 * without their random bits. Otherwise signatures are hedged with fresh ones.
 */
export type Deterministic = boolean

/** Bytes of PSS's salt; as many as the hash has, unless told otherwise. 0 to 1002. */
export type SaltLength = number

/** The hash of PSS's MGF1: the message's, unless told otherwise. */
export type MgfHash =
  | "SHA_256"
  | "SHA_384"
  | "SHA_512"
  | "SHA_512_256"
  | "SHA3_256"
  | "SHA3_384"
  | "SHA3_512"
  | "SHA_224"
  | "SHA_512_224"
  | "SHA3_224"
  | "RIPEMD_160"
  | "SHA_1"

/** Everything about a key but its material. */
export interface Key {
  readonly id: Id
  readonly name: Name
  readonly algorithm: KeyAlgorithm
  readonly state: KeyState
  readonly usages: Usages
  /** May leave if the partition allows it. */
  readonly extractable: boolean
  /** Never leaves in the clear. */
  readonly sensitive: boolean
  readonly modifiable: boolean
  readonly destroyable: boolean
  readonly copyable: boolean
  /** Was never extractable. */
  readonly neverExtractable: boolean
  /** Was always sensitive. */
  readonly alwaysSensitive: boolean
  /** May wrap other keys for export. */
  readonly trusted: boolean
  readonly tags: Tags
  readonly description: Description
  /** In ascending order; none once destroyed, and before material has come. At most 200. */
  readonly versions: readonly KeyVersion[]
  /** Serves new work; absent when there are no versions. */
  readonly currentVersion?: Version | undefined
  /**
   * Of a key whose owner brings its material along. What was brought and waits for a rotation,
   * which makes it the current version.
   */
  readonly pendingVersion?: KeyVersion | undefined
  /** The oldest that still decrypts and verifies. */
  readonly minVersion: Version
  readonly rotationPeriodSeconds?: RotationPeriodSeconds | undefined
  readonly nextRotationAt?: Instant | undefined
  readonly paths?: Paths | undefined
  readonly unwraps?: UnwrapTemplate | undefined
  /** Of material that its owner brought along; the first of it is erased then. */
  readonly materialExpiresAt?: Instant | undefined
  /** What it comes from, by a seed's path or by a derivation's mechanism. */
  readonly derivedFrom?: {
    readonly key: Id
    readonly version: Version
    readonly path?: Path | undefined
    readonly mechanism?: Mechanism | undefined
  } | undefined
  /**
   * Of a multi-Region key of AWS's dialect: the id of its family's first member. Members have
   * the same material; each is a key of its own otherwise.
   */
  readonly family?: Id | undefined
  readonly createdAt: Instant
  /** The creator's subject. */
  readonly createdBy: string
  readonly updatedAt: Instant
  /** When the key is deleting, the moment from which it is destroyed. */
  readonly deleteAt?: Instant | undefined
  readonly destroyedAt?: Instant | undefined
  /** Who has to agree to what; absent for an ordinary key. */
  readonly rules?: KeyRules | undefined
  /** Of a key with rules; it is not used until it is unblocked. */
  readonly blocked?: boolean | undefined
  readonly revision: Revision
}

export interface KeyVersion {
  readonly version: Version
  readonly createdAt: Instant
  readonly origin: "generated" | "imported" | "unwrapped"
  /** False when only the public half is here, and while imported material is away. */
  readonly hasSecret: boolean
  /** Of material that its owner brought along; it is erased then. */
  readonly materialExpiresAt?: Instant | undefined
  /** SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey?: string | undefined
  /**
   * Of a key that counts its signatures. How many are made, or were reserved and are lost; the
   * next one has this index. 0 to 1048576.
   */
  readonly reservedSignatures?: number | undefined
}

export interface KeyPage {
  /** At most 1000. */
  readonly items: readonly Key[]
  readonly next?: Next | undefined
}

/** Pass as `after` for the next page; absent on the last. */
export type Next = string

export interface CreateKeyRequest {
  readonly name: Name
  readonly algorithm: KeyAlgorithm
  readonly usages?: Usages
  readonly extractable?: boolean
  /** False needs an extractable key. */
  readonly sensitive?: boolean
  readonly modifiable?: boolean
  readonly destroyable?: boolean
  readonly copyable?: boolean
  readonly tags?: Tags
  readonly description?: Description
  readonly rotationPeriodSeconds?: RotationPeriodSeconds
  readonly rules?: KeyRulesRequest
  readonly paths?: Paths
  readonly unwraps?: UnwrapTemplate
}

export interface ImportKeyRequest {
  readonly name: Name
  readonly algorithm: KeyAlgorithm
  readonly usages?: Usages
  readonly extractable?: boolean
  /** False needs an extractable key. */
  readonly sensitive?: boolean
  readonly modifiable?: boolean
  readonly destroyable?: boolean
  readonly copyable?: boolean
  readonly tags?: Tags
  readonly description?: Description
  readonly rotationPeriodSeconds?: RotationPeriodSeconds
  readonly rules?: KeyRulesRequest
  readonly paths?: Paths
  readonly unwraps?: UnwrapTemplate
  /**
   * Secret bytes; PKCS#8 DER (RFC 5958); PKCS#12 with one private key (RFC 7292), whose
   * certificates are left alone; a public key alone, SPKI DER; a JSON Web Key (RFC 7517), of
   * which the numbers alone count; or the words of a mnemonic (BIP 39, English) as text.
   */
  readonly format: "raw" | "pkcs8" | "pkcs12" | "spki" | "jwk" | "mnemonic"
  /** Base64, at most 8192 bytes. */
  readonly material: Uint8Array
  /**
   * Of a mnemonic (BIP 39), empty unless told otherwise; of an encrypted PKCS#8 or a PKCS#12
   * (PBES2 with PBKDF2 and AES-CBC, RFC 8018).
   */
  readonly passphrase?: string
}

/** What a key may unwrap, and what that may be used for. */
export interface UnwrapTemplate {
  /** All, when absent. At most 100. */
  readonly algorithms?: readonly KeyAlgorithm[]
  /** When absent, all but wrap and unwrap; never wrap. */
  readonly usages?: Usages
  /**
   * The key unwraps one key, so many seconds from its own creation at the latest. The commit
   * that brings that key in destroys this one; unused, it is destroyed at that moment. It can
   * do nothing else. 60 to 31536000.
   */
  readonly onceWithinSeconds?: number
}

export interface UnwrapKeyRequest {
  readonly name: Name
  /** Of the key that is wrapped. */
  readonly algorithm: KeyAlgorithm
  /** Around secret bytes, or PKCS#8 DER of a pair. Base64, at most 8192 bytes. */
  readonly wrapped: Uint8Array
  /** Of the unwrapping key; its current one when absent. */
  readonly version?: Version
  /** Of the unwrapping key; its default when absent. */
  readonly mechanism?: Mechanism
  readonly usages?: Usages
  readonly modifiable?: boolean
  readonly destroyable?: boolean
  readonly copyable?: boolean
  readonly tags?: Tags
  readonly description?: Description
  readonly rotationPeriodSeconds?: RotationPeriodSeconds
  readonly unwraps?: UnwrapTemplate
}

export interface DeriveKeyRequest {
  readonly name: Name
  /** Of the new key, a secret key's. */
  readonly algorithm: KeyAlgorithm
  /** Of the key that it is derived from; its current one when absent. */
  readonly version?: Version
  /** Of the key that it is derived from; its default when absent. */
  readonly mechanism?: Mechanism
  readonly parameters?: DerivationParameters
  readonly usages?: Usages
  /** Only where the key may leave that it is derived from. */
  readonly extractable?: boolean
  /** False needs an extractable key. */
  readonly sensitive?: boolean
  readonly modifiable?: boolean
  readonly destroyable?: boolean
  readonly copyable?: boolean
  readonly tags?: Tags
  readonly description?: Description
  readonly rotationPeriodSeconds?: RotationPeriodSeconds
}

/** Which of them a mechanism takes stands in the list of algorithms. */
export interface DerivationParameters {
  /** The other side's of an agreement, SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey?: Uint8Array
  /** Up to 1,024 bytes. Base64, at most 1024 bytes. */
  readonly salt?: Uint8Array
  /** Up to 1,024 bytes. Base64, at most 1024 bytes. */
  readonly info?: Uint8Array
  /** Up to 1,024 bytes. Base64, at most 1024 bytes. */
  readonly label?: Uint8Array
  /** Up to 1,024 bytes. Base64, at most 1024 bytes. */
  readonly context?: Uint8Array
  /** Up to 1,024 bytes. Base64, at most 1024 bytes. */
  readonly iv?: Uint8Array
  /** Of PBKDF2; passes of Argon2id, up to 64. 1 to 10000000. */
  readonly iterations?: number
  /** 8 to 262144. */
  readonly memoryKiB?: number
  /** 1 to 16. */
  readonly parallelism?: number
}

export interface UpdateKeyRequest {
  readonly name?: Name
  readonly description?: Description
  /** Replaces all tags. */
  readonly tags?: Tags
  /** May only take uses away. */
  readonly usages?: Usages
  /** May only become false. */
  readonly extractable: false
  /** May only become true. */
  readonly sensitive: true
  /** May only become false. */
  readonly modifiable: false
  readonly destroyable?: boolean
  readonly minVersion?: Version
  /** May only become narrower. */
  readonly paths?: Paths
  /** Null ends the schedule. 86400 to 315360000. */
  readonly rotationPeriodSeconds?: number | null
  /** Change only what the caller has seen; otherwise CONFLICT. */
  readonly ifRevision?: Revision
}

/** For people; nothing is compared with it. */
export type RuleName = string

/** From the node's timestamp on the request; 0 for none. 0 to 31536000. */
export type RuleSeconds = number

/** SHA-256 of the public key's SubjectPublicKeyInfo, lower-case hex. */
export type Fingerprint = string

/** Hours of the week on the clocks of a place. */
export interface Hours {
  /** At most 7. */
  readonly days: readonly ("Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun")[]
  readonly from: string
  /** Not included; after `from`. */
  readonly to: string
  /** Of the IANA database. */
  readonly timeZone: string
}

/** An approver, by a public key or by a certificate. */
export interface ApproverRequest {
  readonly kind: "public-key" | "certificate"
  readonly name: RuleName
  /** SubjectPublicKeyInfo, DER; of kind `public-key`. Base64, at most 8192 bytes. */
  readonly publicKey?: Uint8Array
  /**
   * Of kind `certificate`: the approver's own, then each one's issuer. The last one is trusted
   * as it stands here. At most 4.
   */
  readonly chain?: readonly Uint8Array[]
}

export interface GroupRequest {
  readonly name: RuleName
  /** 1 to 16. */
  readonly quorum: number
  /** At most 100. */
  readonly approvers: readonly ApproverRequest[]
}

/** All groups have to agree, between timelock and timeout, within the hours. */
export interface TokenOfRuleRequest {
  readonly name: RuleName
  readonly timelockSeconds?: RuleSeconds
  readonly timeoutSeconds?: RuleSeconds
  /** At most 16. */
  readonly groups: readonly GroupRequest[]
  /** At any hour when absent. At most 32. */
  readonly hours?: readonly Hours[]
  readonly budget?: RuleBudget
}

/**
 * Of a key's rule for use: how much the token lets through in a period, with nobody asked
 * besides its groups. Periods follow each other from 1970 on. Counts are exact: never more,
 * and less by what a crash has forfeited.
 */
export interface RuleBudget {
  /** 1 to 1000000000000. */
  readonly operations?: number
  /** Of all that the operations work on. 1 to 1000000000000000. */
  readonly bytes?: number
  /** 60 to 31622400. */
  readonly periodSeconds: number
}

/** One of the tokens suffices. No token means never. */
export interface RuleRequest {
  /** At most 16. */
  readonly tokens: readonly TokenOfRuleRequest[]
}

/** A rule that is absent asks nobody. */
export interface KeyRulesRequest {
  readonly use?: RuleRequest
  readonly block?: RuleRequest
  readonly unblock?: RuleRequest
  readonly modify?: RuleRequest
}

export interface PartitionRulesRequest {
  readonly administration?: RuleRequest
}

export interface Approver {
  readonly kind: "public-key" | "certificate"
  readonly name: RuleName
  readonly fingerprint: Fingerprint
  /** Base64, at most 8192 bytes. */
  readonly publicKey: string
  /** At most 4. */
  readonly chain?: readonly string[] | undefined
}

export interface Group {
  readonly name: RuleName
  /** 1 to 16. */
  readonly quorum: number
  /** At most 100. */
  readonly approvers: readonly Approver[]
}

export interface TokenOfRule {
  readonly name: RuleName
  readonly timelockSeconds: RuleSeconds
  readonly timeoutSeconds: RuleSeconds
  /** At most 16. */
  readonly groups: readonly Group[]
  /** At most 32. */
  readonly hours?: readonly Hours[] | undefined
  readonly budget?: RuleBudget | undefined
}

export interface Rule {
  /** At most 16. */
  readonly tokens: readonly TokenOfRule[]
}

export interface KeyRules {
  readonly use?: Rule | undefined
  readonly block?: Rule | undefined
  readonly unblock?: Rule | undefined
  readonly modify?: Rule | undefined
}

/** What the partition's officers decide together. */
export interface PartitionRules {
  readonly administration?: Rule | undefined
}

export interface FastForwardRequest {
  /** Of the next signature; never less than are reserved. 1 to 1048576. */
  readonly index: number
}

/** `pending` waits for approvals, `approved` for time alone; the others are ends. */
export type RequestState =
  | "pending"
  | "approved"
  | "executed"
  | "failed"
  | "expired"
  | "rejected"
  | "cancelled"

export type ApproverWord = "approval" | "rejection" | "cancellation"

/**
 * The operation's name; beside it the parameters of its path and query, and the fields of its
 * request. It is checked as its own call would be.
 */
export interface RequestedOperation {
  readonly operation: 
    | "encrypt"
    | "decryptRaw"
    | "decrypt"
    | "sign"
    | "mac"
    | "verifyMac"
    | "generateDataKey"
    | "exportKey"
    | "unwrapKey"
    | "deriveKey"
    | "deriveChild"
    | "decapsulate"
    | "agree"
    | "updateKey"
    | "rotateKey"
    | "trustKey"
    | "blockKey"
    | "unblockKey"
    | "setKeyRules"
    | "protectKey"
    | "setPartitionRules"
    | "requestCertificate"
    | "selfSignCertificate"
    | "issueCertificate"
  readonly [name: string]: unknown
}

export interface CreateRequestRequest {
  readonly asked: RequestedOperation
  /** For approvers to read. */
  readonly reason?: string
  /** When it expires, unless its rule says earlier; seven days when absent. 60 to 2592000. */
  readonly lifeSeconds?: number
}

export interface WordRequest {
  readonly word: ApproverWord
  /** The approver's, SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey: Uint8Array
  readonly mechanism: Mechanism
  /** ECDSA in DER. Base64, at most 49856 bytes. */
  readonly signature: Uint8Array
}

export type WebhookEvent =
  | "created"
  | "approved"
  | "executed"
  | "failed"
  | "expired"
  | "rejected"
  | "cancelled"

export interface CreateApproverRequest {
  readonly name: Name
}

export interface NamedApprover {
  readonly id: Id
  readonly name: Name
  readonly state: "active" | "disabled"
  readonly fingerprint?: Fingerprint | undefined
  /** Base64, at most 8192 bytes. */
  readonly publicKey?: string | undefined
  /** A node has made his key, and has seen it. */
  readonly keySeen?: boolean | undefined
  readonly codeExpiresAt?: Instant | undefined
  readonly createdAt: Instant
}

export interface InvitedApprover {
  readonly approver: NamedApprover
  /** Shown this once; good for one onboarding. */
  readonly code: string
}

export interface NamedApprovers {
  /** At most 1000. */
  readonly items: readonly NamedApprover[]
}

export interface CreateWebhookRequest {
  /** HTTPS, without user and fragment. */
  readonly url: string
  /** All of them when absent. At most 7. */
  readonly events?: readonly WebhookEvent[]
}

export interface Webhook {
  readonly id: Id
  readonly url: string
  /** At most 7. */
  readonly events: readonly WebhookEvent[]
  readonly createdAt: Instant
}

export interface CreatedWebhook {
  readonly webhook: Webhook
  /** Shown this once; what messages are signed with. */
  readonly secret: string
}

export interface Webhooks {
  /** At most 8. */
  readonly items: readonly Webhook[]
}

export interface TestedWebhook {
  /** The receiver answered 2xx. */
  readonly delivered: boolean
  /** What it answered; absent when there was no answer. 100 to 999. */
  readonly status?: number | undefined
}

export interface StampCallRequest {
  readonly asked: RequestedOperation
  /** When the stamp expires, unless the rule says earlier; an hour when absent. 60 to 2592000. */
  readonly lifeSeconds?: number
}

export interface StampedCall {
  /** What approvers and the log call it. */
  readonly id: Id
  /** Opaque. Base64, at most 96 bytes. */
  readonly stamp: string
  /** What every approver signs; docs/formats/request.md. Base64, at most 2621440 bytes. */
  readonly statement: string
  readonly stampedAt: Instant
  readonly expiresAt: Instant
  /** At most 4096. */
  readonly parameters: readonly RequestParameter[]
  /** Whom the rule names. At most 4096. */
  readonly approvers: readonly RequestApprover[]
}

export interface BroughtApproval {
  /** The approver's, SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey: Uint8Array
  readonly mechanism: Mechanism
  /** Over the statement. ECDSA in DER. Base64, at most 49856 bytes. */
  readonly signature: Uint8Array
}

export interface MakeCallRequest {
  /** The very operation that was stamped. */
  readonly asked: RequestedOperation
  /** Opaque. Base64, at most 96 bytes. */
  readonly stamp: Uint8Array
  /** At most 16. */
  readonly approvals: readonly BroughtApproval[]
}

export interface MadeCall {
  readonly id: Id
  readonly operation: Operation
  /** What the operation's own call answers; of a changed key or partition, its id and revision. */
  readonly result: {
    readonly [name: string]: unknown
  }
}

/** The key as it was when the request was made; under another one nothing is done. */
export interface RequestKey {
  readonly id: Id
  readonly name: Name
  readonly version: Version
  /** SHA-256 of its public half, hex; empty for a secret key. */
  readonly fingerprint: string
}

/** What will be done, a field at a time; nested ones by their path. */
export interface RequestParameter {
  readonly name: string
  readonly text?: string | undefined
  /** -9007199254740991 to 9007199254740991. */
  readonly number?: number | undefined
  /** What is signed, whole; at most 2.5 MiB. Base64, at most 2621440 bytes. */
  readonly bytes?: string | undefined
}

export interface RequestApprover {
  readonly name: RuleName
  readonly fingerprint: Fingerprint
  /** Base64, at most 8192 bytes. */
  readonly publicKey: string
  readonly word?: ApproverWord | undefined
}

/** With the statement, evidence that needs nothing else. */
export interface SignedWord {
  readonly word: ApproverWord
  readonly name: RuleName
  readonly fingerprint: Fingerprint
  /** Base64, at most 8192 bytes. */
  readonly publicKey: string
  readonly at: Instant
  readonly mechanism: Mechanism
  /** Base64, at most 49856 bytes. */
  readonly signature: string
  /** What it signs in the TSB dialect; the statement of the word when absent. */
  readonly over?: "token" | "timestamp" | undefined
  /** The text that a rejection in the TSB dialect signs. */
  readonly timestamp?: string | undefined
}

/** How far one token of the rule is. */
export interface TokenStanding {
  readonly state: "met" | "open" | "waiting" | "spent" | "closed"
  /** At most 16. */
  readonly missing?: readonly {
    readonly group: RuleName
    /** 1 to 16. */
    readonly approvals: number
  }[] | undefined
  readonly until?: Instant | undefined
  readonly why?: "timeout" | "rejected" | undefined
}

/**
 * An operation that waits for approvals, and what became of it. `parameters`, `approvers`,
 * `tokens` and `statement` are left out of lists.
 */
export interface Request {
  readonly id: Id
  readonly operation: Operation
  readonly mechanism?: Mechanism | undefined
  readonly key?: RequestKey | undefined
  readonly state: RequestState
  /** Who asked for it. */
  readonly requester: string
  readonly reason: string
  /** At most 4096. */
  readonly parameters?: readonly RequestParameter[] | undefined
  /** Whom the rule names. At most 4096. */
  readonly approvers?: readonly RequestApprover[] | undefined
  /** At most 16. */
  readonly words: readonly SignedWord[]
  /** While it is open, in the order of the rule's tokens. At most 16. */
  readonly tokens?: readonly TokenStanding[] | undefined
  /** While it is open, what an approver signs to approve it. Base64, at most 2621440 bytes. */
  readonly statement?: string | undefined
  /**
   * While one is open that was asked for in the TSB dialect, what an approver may sign there
   * instead: docs/formats/ska-token.md. Base64, at most 2621440 bytes.
   */
  readonly token?: string | undefined
  /** The node's timestamp, from which timelock and timeout count. */
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly finishedAt?: Instant | undefined
  /**
   * Of an executed one, for who asked for it: what the operation's own call answers; of a
   * changed key or partition, its id and revision.
   */
  readonly result?: {
    readonly [name: string]: unknown
  } | undefined
  readonly failure?: {
    readonly code: ErrorCode
    readonly detail: string
  } | undefined
  readonly revision: Revision
}

export interface RequestPage {
  /** At most 1000. */
  readonly items: readonly Request[]
  readonly next?: Next | undefined
}

export interface TrustRequest {
  readonly trusted: boolean
}

export type AlgorithmStatus = "recommended" | "acceptable" | "legacy"

export interface Algorithms {
  /** At most 1000. */
  readonly keys: readonly KeyAlgorithmEntry[]
  /** At most 1000. */
  readonly mechanisms: readonly MechanismEntry[]
}

export interface KeyAlgorithmEntry {
  readonly algorithm: KeyAlgorithm
  readonly form: "secret" | "pair" | "seed"
  readonly status: AlgorithmStatus
  readonly usages: Usages
  readonly defaultUsages: Usages
  /** The first of each kind is the default. At most 1000. */
  readonly mechanisms: readonly Mechanism[]
  /** 1 to 65536. */
  readonly signatureBytes?: number | undefined
  /** How many one version of a key makes, where it counts them. 1 to 1048576. */
  readonly signaturesMax?: number | undefined
  /** What the pair at a path of a seed is as a key of its own. */
  readonly child?: KeyAlgorithm | undefined
  readonly source: string
}

export interface MechanismEntry {
  readonly mechanism: Mechanism
  readonly kind: 
    | "encryption"
    | "signature"
    | "mac"
    | "wrap"
    | "kem"
    | "agreement"
    | "derivation"
  readonly status: AlgorithmStatus
  /** Seals under one key version. 1 to 9007199254740991. */
  readonly sealsMax?: number | undefined
  /** 1 to 64. */
  readonly digestBytes?: number | undefined
  /** 1 to 65536. */
  readonly messageBytes?: number | undefined
  /** At most 16. */
  readonly parameters: readonly (
    | "context"
    | "digest"
    | "mu"
    | "deterministic"
    | "saltLength"
    | "mgfHash"
    | "auxRandom"
    | "merkleRoot"
    | "publicKey"
    | "salt"
    | "info"
    | "label"
    | "iv"
    | "iterations"
    | "memoryKiB"
    | "parallelism")[]
  readonly source: string
}

export interface PathRequest {
  readonly path: Path
}

export interface AddressRequest {
  readonly chain: Chain
  readonly path?: Path
  readonly network?: Network
}

export interface Address {
  readonly keyId: Id
  readonly version: Version
  readonly address: string
  /** SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey: string
}

export interface ExtendedPublicRequest {
  readonly path: Path
  readonly network?: Network
}

export interface ExtendedPublic {
  readonly keyId: Id
  readonly version: Version
  /** As BIP 32 writes it (xpub, tpub), or CIP-5 (acct_xvk). */
  readonly extendedPublicKey: string
}

export interface DeriveChildRequest {
  readonly path: Path
  readonly name: Name
  readonly usages?: Usages
  readonly tags?: Tags
  readonly description?: Description
}

export interface PublicKey {
  readonly keyId: Id
  readonly version: Version
  /** SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey: string
  /** The same in PEM. */
  readonly pem: string
}

/** Without `at`, the key has not been used since `since`. */
export interface LastUse {
  readonly keyId: Id
  readonly name: Name
  /** From when on uses are known; the key's creation, unless the log begins later. */
  readonly since: Instant
  readonly at?: Instant | undefined
  readonly operation?: Operation | undefined
  /** Who used it, as in the audit log. */
  readonly subject?: string | undefined
  readonly requestId?: string | undefined
}

/** Signed by the cluster; docs/formats/receipt.md. */
export interface Receipt {
  readonly keyId: Id
  readonly name: Name
  readonly unusableAt: Instant
  /** 0 to 9007199254740991. */
  readonly destroyedEpoch: number
  /** Absent until every node has destroyed that epoch's root. */
  readonly shreddedAt?: Instant | undefined
  /**
   * Of a member of a multi-Region key alone: how many others live, which have the same
   * material. 0 to 32.
   */
  readonly membersLeft?: number | undefined
  /** What was signed. Base64, at most 8192 bytes. */
  readonly statement: string
  /** Ed25519 (RFC 8032). Base64, at most 49856 bytes. */
  readonly signature: string
}

export interface ExportKeyRequest {
  readonly version?: Version
  /** In the clear when absent. */
  readonly wrappingKey?: KeyRef
  /** Of the wrapping key; its default when absent. */
  readonly mechanism?: Mechanism
}

export interface ExportedKey {
  readonly keyId: Id
  readonly version: Version
  /** Of the unwrapped material. */
  readonly format: "raw" | "pkcs8"
  /** Base64, at most 8192 bytes. */
  readonly material: string
  readonly wrappedBy?: {
    readonly keyId: Id
    readonly version: Version
    readonly mechanism: Mechanism
  } | undefined
}

export interface EncryptRequest {
  /** At most 64 KiB. Base64, at most 65536 bytes. */
  readonly plaintext: Uint8Array
  /** Additional data that is authenticated, not encrypted. Base64, at most 8192 bytes. */
  readonly aad?: Uint8Array
  readonly mechanism?: Mechanism
  /**
   * Only with `raw`, and only where the partition's flag `externalIv` is on. Base64, at most
   * 32 bytes.
   */
  readonly iv?: Uint8Array
  /** Answer the bare ciphertext. */
  readonly raw?: boolean
}

export interface EncryptResult {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: string
  /** Initialization vector. Base64, at most 32 bytes. */
  readonly iv?: string | undefined
}

export interface DecryptRequest {
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: Uint8Array
  /** Additional data that is authenticated, not encrypted. Base64, at most 8192 bytes. */
  readonly aad?: Uint8Array
}

export interface DecryptRawRequest {
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: Uint8Array
  /** Initialization vector. Base64, at most 32 bytes. */
  readonly iv?: Uint8Array
  /** Additional data that is authenticated, not encrypted. Base64, at most 8192 bytes. */
  readonly aad?: Uint8Array
  readonly mechanism?: Mechanism
  readonly version?: Version
}

export interface DecryptResult {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly plaintext: string
}

/**
 * In the order in which it is written, such as `CN=shop.example,O=Example AG,C=CH`; a
 * backslash before a comma or a plus sign makes it part of a value. CN, O, OU, C, ST, L,
 * STREET, SERIALNUMBER, ORGANIZATIONIDENTIFIER, UID, DC, E, T (title), SN (surname), GN (given
 * name), INITIALS, GENERATIONQUALIFIER, PSEUDONYM.
 */
export type Subject = string

/** The subject's other names. */
export interface AlternativeNames {
  /** Names of hosts, the first part of which may be `*`. */
  readonly dns?: NameList
  /** Addresses, of version 4 or 6. */
  readonly ip?: NameList
  /** Addresses of mail, in ASCII. */
  readonly email?: NameList
  /** Absolute, in ASCII. */
  readonly uri?: NameList
}

/** At most 100. */
export type NameList = readonly string[]

/**
 * What the certified key is for; in a certificate digitalSignature when absent, of an
 * authority keyCertSign and crlSign. At most 7.
 */
export type CertificateUsages = readonly (
  | "digitalSignature"
  | "nonRepudiation"
  | "keyEncipherment"
  | "dataEncipherment"
  | "keyAgreement"
  | "keyCertSign"
  | "crlSign")[]

/** At most 7. */
export type CertificatePurposes = readonly (
  | "serverAuth"
  | "clientAuth"
  | "codeSigning"
  | "emailProtection"
  | "timeStamping"
  | "ocspSigning"
  | "any")[]

/** Present, the certificate may issue others. */
export interface Authority {
  /** How many other authorities may stand below it. 0 to 15. */
  readonly pathLength?: number
}

/** From now; a year when absent, or as long as the authority's own certificate. 1 to 946080000. */
export type CertificateLife = number

/** The certificate, then each one's issuer. At most 4. */
export type CertificateChain = readonly Uint8Array[]

/** The certificate, then those of its issuers that are known. At most 5. */
export type IssuedChain = readonly string[]

export interface RequestCertificateRequest {
  readonly subject: Subject
  /** What all verifiers read when absent; of RSA, PKCS#1 v1.5 with SHA-256. */
  readonly mechanism?: Mechanism
  readonly names?: AlternativeNames
  readonly keyUsage?: CertificateUsages
  readonly extendedKeyUsage?: CertificatePurposes
}

export interface SelfSignRequest {
  readonly subject: Subject
  /** What all verifiers read when absent; of RSA, PKCS#1 v1.5 with SHA-256. */
  readonly mechanism?: Mechanism
  readonly names?: AlternativeNames
  readonly keyUsage?: CertificateUsages
  readonly extendedKeyUsage?: CertificatePurposes
  readonly authority?: Authority
  readonly lifeSeconds?: CertificateLife
}

export interface IssueCertificateRequest {
  /** A request for a certificate, PKCS#10, DER. Base64, at most 65536 bytes. */
  readonly request: Uint8Array
  readonly subject?: Subject
  /** Which of the key's certificates issues, by its id; the newest authority's when absent. */
  readonly issuer?: Id
  /** What all verifiers read when absent; of RSA, PKCS#1 v1.5 with SHA-256. */
  readonly mechanism?: Mechanism
  readonly names?: AlternativeNames
  readonly keyUsage?: CertificateUsages
  readonly extendedKeyUsage?: CertificatePurposes
  readonly authority?: Authority
  readonly lifeSeconds?: CertificateLife
}

export interface AddCertificateRequest {
  readonly chain: CertificateChain
}

export interface CertificateRequest {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** A request for a certificate, PKCS#10, DER. Base64, at most 65536 bytes. */
  readonly request: string
  readonly pem: CertificatePem
}

/** All of it in PEM. */
export type CertificatePem = string

export interface IssuedCertificate {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  readonly chain: IssuedChain
  readonly pem: CertificatePem
  readonly subject: NameText
  readonly issuer: NameText
  readonly serialNumber: SerialNumber
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly fingerprint: Fingerprint256
}

/** For people to read. */
export type NameText = string

/** Hexadecimal. */
export type SerialNumber = string

/** SHA-256 of the certificate's DER, hexadecimal. */
export type Fingerprint256 = string

export interface StoredCertificate {
  readonly id: Id
  readonly keyId: Id
  /** The version whose public half it names. */
  readonly version: Version
  readonly chain: IssuedChain
  readonly pem: CertificatePem
  readonly subject: NameText
  readonly issuer: NameText
  readonly serialNumber: SerialNumber
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly fingerprint: Fingerprint256
  /** It may issue others. */
  readonly authority: boolean
  readonly createdAt: Instant
  readonly createdBy: string
}

export interface CertificatePage {
  /** At most 1000. */
  readonly items: readonly StoredCertificate[]
  readonly next?: Next | undefined
}

export interface SignRequest {
  /** What is signed, whole; at most 2.5 MiB. Base64, at most 2621440 bytes. */
  readonly message: Uint8Array
  readonly mechanism?: Mechanism
  readonly messageType?: MessageType
  readonly encoding?: SignatureEncoding
  /**
   * What ML-DSA, SLH-DSA, Ed448, Ed25519ctx and the prehashed forms bind a signature to
   * besides its message. Base64, at most 255 bytes.
   */
  readonly context?: Uint8Array
  readonly deterministic?: Deterministic
  /**
   * Of BIP 340: 32 bytes that go into the nonce; fresh ones, unless told otherwise. Base64, at
   * most 32 bytes.
   */
  readonly auxRandom?: Uint8Array
  readonly saltLength?: SaltLength
  readonly mgfHash?: MgfHash
  /**
   * Of BIP 340: signs for the Taproot output key (BIP 341) of a script tree with this root, 32
   * bytes, or of no script, none (BIP 86). Absent, the key is not tweaked. Base64, at most 32
   * bytes.
   */
  readonly merkleRoot?: Uint8Array
  readonly path?: Path
}

export interface SignResult {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** Base64, at most 49856 bytes. */
  readonly signature: string
}

export interface VerifyRequest {
  /** What is signed, whole; at most 2.5 MiB. Base64, at most 2621440 bytes. */
  readonly message: Uint8Array
  /** Base64, at most 49856 bytes. */
  readonly signature: Uint8Array
  readonly mechanism?: Mechanism
  readonly messageType?: MessageType
  readonly encoding?: SignatureEncoding
  /**
   * What ML-DSA, SLH-DSA, Ed448, Ed25519ctx and the prehashed forms bind a signature to
   * besides its message. Base64, at most 255 bytes.
   */
  readonly context?: Uint8Array
  readonly saltLength?: SaltLength
  readonly mgfHash?: MgfHash
  /**
   * Of BIP 340: signs for the Taproot output key (BIP 341) of a script tree with this root, 32
   * bytes, or of no script, none (BIP 86). Absent, the key is not tweaked. Base64, at most 32
   * bytes.
   */
  readonly merkleRoot?: Uint8Array
  readonly path?: Path
  /** Any living version when absent, the newest first. */
  readonly version?: Version
}

export interface VerifyResult {
  readonly keyId: Id
  readonly valid: boolean
  /** The version that matched. */
  readonly version?: Version | undefined
  readonly mechanism: Mechanism
}

export interface MacRequest {
  /** At most 64 KiB. Base64, at most 65536 bytes. */
  readonly message: Uint8Array
  readonly mechanism?: Mechanism
}

export interface MacResult {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** Base64, at most 49856 bytes. */
  readonly mac: string
}

export interface VerifyMacRequest {
  /** At most 64 KiB. Base64, at most 65536 bytes. */
  readonly message: Uint8Array
  /** Base64, at most 49856 bytes. */
  readonly mac: Uint8Array
  readonly mechanism?: Mechanism
  /** Any living version when absent, the newest first. */
  readonly version?: Version
}

/** Numbers with dots between them. */
export type ObjectIdentifier = string

export interface CreateTimestampRequest {
  /** Of what the timestamp is of; as long as its hash has it. Base64, at most 64 bytes. */
  readonly digest: Uint8Array
  readonly hash?: 
    | "SHA_256"
    | "SHA_384"
    | "SHA_512"
    | "SHA3_256"
    | "SHA3_384"
    | "SHA3_512"
  /** Another than the one there is is refused. */
  readonly policy?: ObjectIdentifier
  /** The key's certificate and its issuers come along in the timestamp. */
  readonly certificates?: boolean
}

export interface CreatedTimestamp {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  readonly serialNumber: SerialNumber
  readonly time: Instant
  readonly policy: ObjectIdentifier
  /** A TimeStampResp, DER, as files with the ending .tsr have it. Base64, at most 131072 bytes. */
  readonly response: string
}

export interface DataKeyRequest {
  /** Bytes. */
  readonly length?: 16 | 24 | 32 | 64
  /** Additional data that is authenticated, not encrypted. Base64, at most 8192 bytes. */
  readonly aad?: Uint8Array
  /** False: only the encrypted form leaves. */
  readonly withPlaintext?: boolean
}

export interface DataKey {
  readonly keyId: Id
  readonly version: Version
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: string
  /** Base64, at most 8192 bytes. */
  readonly plaintext?: string | undefined
}

export interface EncapsulateRequest {
  readonly mechanism?: Mechanism
}

export interface EncapsulateResult {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: string
  /** Base64, at most 8192 bytes. */
  readonly sharedSecret: string
}

export interface DecapsulateRequest {
  /** A full message with what encryption adds. Base64, at most 66560 bytes. */
  readonly ciphertext: Uint8Array
  readonly mechanism?: Mechanism
  readonly version?: Version
}

export interface AgreeRequest {
  /** The other side's SubjectPublicKeyInfo, DER. Base64, at most 8192 bytes. */
  readonly publicKey: Uint8Array
  readonly mechanism?: Mechanism
  readonly version?: Version
}

export interface SharedSecret {
  readonly keyId: Id
  readonly version: Version
  readonly mechanism: Mechanism
  /** Base64, at most 8192 bytes. */
  readonly sharedSecret: string
}

export interface RandomRequest {
  /** Bytes. 1 to 4096. */
  readonly length: number
}

export interface RandomResult {
  /** Base64, at most 8192 bytes. */
  readonly bytes: string
}

export interface BatchRequest {
  /** At most 1000. */
  readonly operations: readonly BatchOperation[]
}

/**
 * The operation's name; beside it the parameters of its path and query, `idempotencyKey` for
 * creating ones, and the fields of its request. Each item is checked as its own call would be.
 */
export interface BatchOperation {
  readonly operation: 
    | "encrypt"
    | "decrypt"
    | "decryptRaw"
    | "sign"
    | "verify"
    | "mac"
    | "verifyMac"
    | "generateDataKey"
    | "deriveAddress"
    | "derivePublic"
    | "encapsulate"
    | "decapsulate"
    | "agree"
    | "random"
    | "createKey"
    | "importKey"
    | "deleteKey"
  readonly [name: string]: unknown
}

export interface BatchResponse {
  /** In the order of the operations. At most 1000. */
  readonly results: readonly BatchResult[]
}

/**
 * Below 400, the status and body of the operation's own call. Otherwise `code`, `detail`, and
 * as in a problem document `field` and `rule`.
 */
export interface BatchResult {
  /** 200 to 599. */
  readonly status: number
  readonly [name: string]: unknown
}

export interface ExplainRequest {
  readonly operation: Operation
  readonly key?: KeyRef
  readonly mechanism?: Mechanism
  /** Another principal's id or name, or the ARN of another account's; the caller when absent. */
  readonly principal?: string
}

export interface Explanation {
  readonly allowed: boolean
  /** In the order of evaluation; the first that denies decides. At most 64. */
  readonly rules: readonly {
    readonly rule: string
    readonly allows: boolean
    readonly reason?: string | undefined
  }[]
  /**
   * For officers, managers and auditors: what of the key's policy (by the place of its
   * statement, from 1) and which grants on it name the principal for this. `conditional`: its
   * conditions do not hold, or are about what is not told here. At most 1024.
   */
  readonly said?: readonly {
    readonly effect: "allow" | "deny" | "conditional"
    /** 1 to 1024. */
    readonly statement?: number | undefined
    readonly grant?: string | undefined
  }[] | undefined
  /**
   * Of another account's principal, only the side of the key's owner is told: whether there is
   * such a principal, and what his own account lets him do, is that account's to know.
   */
  readonly side?: "owner" | undefined
}

export interface Whoami {
  readonly partition: Id
  /** The principal's id, or `issuer:subject`. */
  readonly subject: string
  readonly roles: Roles
  readonly grants: Grants
  readonly credential: 
    | "token"
    | "certificate"
    | "jwt"
    | "access-key"
    | "approver-key"
}

export interface TokenRequest {
  /** 1 to 315360000. */
  readonly lifeSeconds?: number
  /** Older tokens live on for so long. 0: they end now. 0 to 604800. */
  readonly overlapSeconds?: number
}

export interface AccessKeyRequest {
  /** 1 to 315360000. */
  readonly lifeSeconds?: number
}

/** Shown once; absent when an answer repeats an earlier one. */
export interface AccessKey {
  readonly accessKeyId: AccessKeyId
  readonly secretAccessKey: string
}

export type AccessKeyId = string

/** Narrows the roles; every condition that is present must hold. */
export interface Grant {
  /** At most 100. */
  readonly operations?: readonly Operation[]
  /** At most 100. */
  readonly keyIds?: readonly Id[]
  /** A name, in which `*` stands for any run of characters. */
  readonly keyNames?: string
  readonly tag?: {
    readonly name: string
    readonly value: string
  }
}

/** None: the roles hold in full. Otherwise one of them must admit the operation. At most 100. */
export type Grants = readonly Grant[]

/** Ranges (CIDR) the caller must come from; none: anywhere. At most 32. */
export type Addresses = readonly string[]

export interface Principal {
  readonly id: Id
  readonly partition: Id
  readonly name: Name
  readonly roles: Roles
  readonly grants: Grants
  readonly addresses: Addresses
  readonly state: "active" | "disabled"
  /** At most 16. */
  readonly credentials: readonly Credential[]
  readonly keyStore?: KeyStorePolicy | undefined
  readonly createdAt: Instant
  readonly revision: Revision
}

export interface Credential {
  readonly id: Id
  readonly kind: "token" | "certificate" | "access-key"
  /** Of a certificate; SHA-256 of its DER. Base64, at most 49856 bytes. */
  readonly fingerprint?: string | undefined
  readonly accessKeyId?: AccessKeyId | undefined
  readonly createdAt: Instant
  readonly expiresAt: Instant
}

export interface PrincipalPage {
  /** At most 1000. */
  readonly items: readonly Principal[]
  readonly next?: Next | undefined
}

export interface PrincipalWithToken {
  readonly principal: Principal
  readonly token?: Token | undefined
  readonly accessKey?: AccessKey | undefined
}

/** Shown once; absent when an answer repeats an earlier one, and with certificates. */
export type Token = string

export interface CreatePrincipalRequest {
  readonly name: Name
  readonly roles: Roles
  readonly grants?: Grants
  readonly addresses?: Addresses
  readonly credential: NewCredential
  readonly keyStore?: KeyStorePolicy
}

/**
 * Makes a principal an external key store of AWS KMS: his access keys serve the XKS dialect
 * alone, at the path `/xks/<id>/kms/xks/v1`. What AWS tells of a request has to match one
 * value of each condition that is here; `*` stands for any characters. Without conditions,
 * whatever AWS asks for is done.
 */
export interface KeyStorePolicy {
  /** ARNs of who asks AWS. */
  readonly principals?: KeyStoreValues
  /** Of the KMS key. */
  readonly accounts?: KeyStoreValues
  readonly regions?: KeyStoreValues
  /** AWS's services on whose behalf it asks, such as s3. */
  readonly viaServices?: KeyStoreValues
  readonly vpcs?: KeyStoreValues
  readonly vpcEndpoints?: KeyStoreValues
  /** KMS's operations, such as Decrypt. */
  readonly operations?: KeyStoreValues
  /**
   * Common names of the certificate that AWS has to show, from an authority of the node's
   * `listen.tls.clientCaFile`. Whoever shows none of them fails authentication.
   */
  readonly clientNames?: KeyStoreValues
}

/** At most 100. */
export type KeyStoreValues = readonly string[]

export type NewCredential =
  | {
    readonly kind: "token"
    /** 1 to 315360000. */
    readonly lifeSeconds?: number
  }
  | {
    readonly kind: "access-key"
    /** 1 to 315360000. */
    readonly lifeSeconds?: number
  }
  | {
    readonly kind: "certificate"
    /** X.509, DER. Base64, at most 8192 bytes. */
    readonly certificate: Uint8Array
  }

export interface UpdatePrincipalRequest {
  readonly roles?: Roles
  readonly grants?: Grants
  readonly addresses?: Addresses
  readonly state?: "active" | "disabled"
  /** Of a key store; replaces its policy. */
  readonly keyStore?: KeyStorePolicy
}

/** A public key (RFC 7517, RFC 8037); a private member is refused. */
export interface Jwk {
  readonly kty: "RSA" | "EC" | "OKP"
  readonly kid?: string
  readonly use: "sig"
  readonly alg?: string
  /** At most 8. */
  readonly key_ops?: readonly string[]
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  /** At most 8. */
  readonly x5c?: readonly string[]
  readonly x5t?: string
  readonly "x5t#S256"?: string
}

export interface Jwks {
  /** At most 32. */
  readonly keys: readonly Jwk[]
}

/** Values of the claim, and the role that each stands for. */
export type RoleMap = Readonly<Record<string, Role>>

export interface Issuer {
  readonly id: Id
  readonly issuer: string
  readonly audience: string
  readonly jwks?: Jwks | undefined
  readonly jwksUri?: string | undefined
  readonly roleClaim: string
  readonly roleMap: RoleMap
  readonly grants: Grants
  readonly createdAt: Instant
  readonly revision: Revision
}

export interface IssuerPage {
  /** At most 1000. */
  readonly items: readonly Issuer[]
  readonly next?: Next | undefined
}

export interface CreateIssuerRequest {
  /** The claim `iss`. */
  readonly issuer: string
  /** The claim `aud`. */
  readonly audience: string
  readonly jwks?: Jwks
  readonly jwksUri?: string
  /** The claim that names roles or groups. */
  readonly roleClaim: string
  readonly roleMap: RoleMap
  readonly grants?: Grants
}

/** What the partition allows at all; set by its officers. */
export interface Flags {
  /** Keys made elsewhere may enter. */
  readonly keyImport: boolean
  /** Extractable keys may leave in the clear. */
  readonly plainExport: boolean
  /** Extractable keys may leave wrapped. */
  readonly wrappedExport: boolean
  /** Nothing may be changed. */
  readonly readOnly: boolean
  /** Keys may be used. */
  readonly keyUse: boolean
  /** Keys may be destroyed. */
  readonly keyDestruction: boolean
  /** Keys may be destroyed without a waiting window. */
  readonly immediateDestruction: boolean
  /** Deletion puts keys into the bin. */
  readonly invalidation: boolean
  /** Callers may choose an encryption's IV. */
  readonly externalIv: boolean
  /** Algorithms that are there for old data alone may be used. */
  readonly legacyAlgorithms: boolean
  /** Approvers' keys may be made by a node, which then sees them. */
  readonly approverKeys: boolean
}

/** Flags that are absent stay as they are, or take their default. */
export interface SomeFlags {
  /** Keys made elsewhere may enter. */
  readonly keyImport?: boolean
  /** Extractable keys may leave in the clear. */
  readonly plainExport?: boolean
  /** Extractable keys may leave wrapped. */
  readonly wrappedExport?: boolean
  /** Nothing may be changed. */
  readonly readOnly?: boolean
  /** Keys may be used. */
  readonly keyUse?: boolean
  /** Keys may be destroyed. */
  readonly keyDestruction?: boolean
  /** Keys may be destroyed without a waiting window. */
  readonly immediateDestruction?: boolean
  /** Deletion puts keys into the bin. */
  readonly invalidation?: boolean
  /** Callers may choose an encryption's IV. */
  readonly externalIv?: boolean
  /** Algorithms that are there for old data alone may be used. */
  readonly legacyAlgorithms?: boolean
  /** Approvers' keys may be made by a node, which then sees them. */
  readonly approverKeys?: boolean
}

/** What the partition may use; set by the operator. */
export interface Quota {
  /** 0 to 10000000. */
  readonly keysMax: number
  /** 0 to 10000000. */
  readonly operationsPerSecond: number
}

/** Numbers that are absent stay as they are, or take their default. */
export interface SomeQuota {
  /** 0 to 10000000. */
  readonly keysMax?: number
  /** 0 to 10000000. */
  readonly operationsPerSecond?: number
}

export interface Partition {
  readonly id: Id
  readonly name: Name
  /** The partition's number in the AWS dialects. */
  readonly accountId: string
  /** `managed`: under the cluster's master key. */
  readonly custody: "managed"
  readonly state: "active" | "blocked"
  readonly flags: Flags
  readonly quota: Quota
  readonly rules?: PartitionRules | undefined
  readonly timestamps?: TimestampSettings | undefined
  readonly createdAt: Instant
  readonly revision: Revision
}

export interface PartitionPage {
  /** At most 1000. */
  readonly items: readonly Partition[]
  readonly next?: Next | undefined
}

export interface CreatePartitionRequest {
  readonly name: Name
  readonly flags?: SomeFlags
  readonly quota?: SomeQuota
}

export interface CreatedPartition {
  readonly partition: Partition
  readonly officer: Principal
  readonly token?: Token | undefined
}

/** Takes the place of what was said before, as a whole. */
export interface TimestampSettings {
  /**
   * Makes timestamps where a dialect does not name a key, as that of the Transaction Security
   * Broker; kept, and shown, as its id.
   */
  readonly key?: KeyRef
  /** What timestamps name; Keyhold's own when absent, which promises nothing. */
  readonly policy?: ObjectIdentifier
  /** By how much their time may be wrong; they say nothing about it when absent. 1 to 3600000. */
  readonly accuracyMs?: number
}

export interface UpdatePartitionRequest {
  readonly flags?: SomeFlags
  readonly timestamps?: TimestampSettings
}

export interface UpdateQuotaRequest {
  readonly quota: SomeQuota
}

export interface AuditRecord {
  /** The chain that holds it. */
  readonly chain: string
  /** Its place there. 0 to 9007199254740991. */
  readonly index: number
  /** Without a gap in its partition. 0 to 9007199254740991. */
  readonly sequence: number
  readonly at: Instant
  readonly act: string
  /**
   * `allowed` is written before the work, `failed` after work that did not succeed, `done`
   * after what the system did by itself; `pending`: nothing was done, as others have to
   * approve it.
   */
  readonly outcome: "allowed" | "denied" | "pending" | "failed" | "done"
  readonly subject: string
  readonly address?: string | undefined
  readonly requestId?: string | undefined
  /**
   * All requests whose acts are counted, where they came one by one in the same moment;
   * `requestId` is the first of them. At most 1000.
   */
  readonly requestIds?: readonly string[] | undefined
  /** How often the act was allowed within its requests; absent for once. 2 to 9007199254740991. */
  readonly count?: number | undefined
  readonly keyId?: string | undefined
  /** All keys that were made, where `count` says that there are several. At most 1000. */
  readonly keyIds?: readonly string[] | undefined
  readonly keyVersion?: Version | undefined
  readonly mechanism?: string | undefined
  readonly path?: string | undefined
  readonly target?: string | undefined
  /** Whose approvals counted, SHA-256 of their public keys, hex. At most 4096. */
  readonly approvedBy?: readonly string[] | undefined
  readonly code?: ErrorCode | undefined
  readonly rule?: string | undefined
  /** For whom a cloud used the key, in its own words. */
  readonly onBehalf?: {
    readonly requestId: string
    readonly operation?: string | undefined
    readonly principal?: string | undefined
  } | undefined
  readonly opId?: string | undefined
  /** 0 to 9007199254740991. */
  readonly storeRev?: number | undefined
  /** At most 256. */
  readonly writes?: readonly {
    readonly path: string
    readonly hash: string
  }[] | undefined
  readonly note?: string | undefined
}

export interface AuditPage {
  /** At most 1000. */
  readonly items: readonly AuditRecord[]
  readonly next?: Next | undefined
}

export interface Live {
  readonly live: true
}

export interface Ready {
  readonly ready: boolean
  readonly reason?: string | undefined
}

export interface ApiVersion {
  /** Of Keyhold. */
  readonly version: string
  /** Of Node.js. */
  readonly node: string
  /** Of the library that computes. */
  readonly openssl: string
  /**
   * How it is called: by the native addon, or by node:crypto alone, which is slower and signs
   * bare ECDSA digests in JavaScript, not in constant time.
   */
  readonly engine: "native" | "node:crypto"
}

export interface SealStatus {
  readonly state: "sealed" | "unsealing" | "operational"
  readonly sealed: boolean
  readonly clusterId: Id
  readonly nodeId: Id
  /** The node's identity, which share files pin. Base64, at most 8192 bytes. */
  readonly nodeKey: string
  /** Shares are encrypted to it. Base64, at most 8192 bytes. */
  readonly importerKey?: string | undefined
  /** The identity's signature of the importer key. Base64, at most 49856 bytes. */
  readonly importerSignature?: string | undefined
  /** 0 to 255. */
  readonly sharesReceived: number
  /** 1 to 255. */
  readonly threshold?: number | undefined
}

export interface UnsealRequest {
  /**
   * Encrypted to the node's importer key on the custodian's machine. Base64, at most 4096
   * bytes.
   */
  readonly share: Uint8Array
}

export interface Shredded {
  /** Began now. 0 to 9007199254740991. */
  readonly epoch: number
  /** Their roots are gone, and with them what was deleted in them. At most 10000. */
  readonly destroyedEpochs: readonly number[]
}

/** Stable; never changes its meaning. */
export type ErrorCode =
  | "APPROVAL_REQUIRED"
  | "AUDIT_UNAVAILABLE"
  | "CONFLICT"
  | "DECRYPTION_FAILED"
  | "DRY_RUN"
  | "IDEMPOTENCY_MISMATCH"
  | "INTERNAL"
  | "KEY_EXHAUSTED"
  | "KEY_NOT_FOUND"
  | "KEY_STATE"
  | "MALFORMED_REQUEST"
  | "METHOD_NOT_ALLOWED"
  | "NAME_TAKEN"
  | "NOT_FOUND"
  | "OPERATION_FORBIDDEN"
  | "PAYLOAD_TOO_LARGE"
  | "QUOTA_EXCEEDED"
  | "RATE_LIMITED"
  | "SEALED"
  | "STORE_UNAVAILABLE"
  | "TAMPERED"
  | "UNAUTHENTICATED"
  | "UNSEAL_REFUSED"
  | "UNSUPPORTED_MEDIA_TYPE"

/** RFC 9457. */
export interface Problem {
  readonly type: string
  readonly title: string
  /** 400 to 599. */
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  /** JSON pointer to the offending part of the request. */
  readonly field?: string | undefined
  /** The policy rule that denied. */
  readonly rule?: string | undefined
  readonly requestId: string
}

/** What every operation takes and answers. */
export interface Operations {
  readonly live: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Live
  }
  readonly ready: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Ready
  }
  readonly metrics: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: string
  }
  readonly explorer: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: string
  }
  readonly openapi: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: unknown
  }
  readonly version: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: ApiVersion
  }
  readonly algorithms: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Algorithms
  }
  readonly sealStatus: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: SealStatus
  }
  readonly unseal: {
    readonly params: Readonly<Record<string, never>>
    readonly body: UnsealRequest
    readonly response: SealStatus
  }
  readonly whoami: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Whoami
  }
  readonly rotateOwnToken: {
    readonly params: Readonly<Record<string, never>>
    readonly body: TokenRequest
    readonly response: PrincipalWithToken
  }
  readonly listKeys: {
    readonly params: {
      /** A name, in which `*` stands for any run of characters. */
      readonly name?: string
      /** A tag's name, or `name=value`. */
      readonly tag?: string
      /** Keys in this state alone. */
      readonly state?: KeyState
      /** Keys of this algorithm alone. */
      readonly algorithm?: KeyAlgorithm
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: KeyPage
  }
  readonly createKey: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: CreateKeyRequest
    readonly response: Key
  }
  readonly importKey: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: ImportKeyRequest
    readonly response: Key
  }
  readonly getKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly updateKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: UpdateKeyRequest
    readonly response: Key
  }
  readonly deleteKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /** How long the key waits for its destruction. */
      readonly windowSeconds?: number
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly getPublicKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /** The current version when absent. */
      readonly version?: Version
    }
    readonly body: undefined
    readonly response: PublicKey
  }
  readonly deriveAddress: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: AddressRequest
    readonly response: Address
  }
  readonly derivePublic: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: PathRequest
    readonly response: PublicKey
  }
  readonly deriveExtendedPublic: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: ExtendedPublicRequest
    readonly response: ExtendedPublic
  }
  readonly deriveChild: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: DeriveChildRequest
    readonly response: Key
  }
  readonly trustKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: TrustRequest
    readonly response: Key
  }
  readonly fastForwardKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: FastForwardRequest
    readonly response: Key
  }
  readonly blockKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly unblockKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly setKeyRules: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: KeyRulesRequest
    readonly response: Key
  }
  readonly protectKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: KeyRulesRequest
    readonly response: Key
  }
  readonly enableKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly disableKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly rotateKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly cancelDeletion: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly restoreKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly purgeKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Key
  }
  readonly getLastUse: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: LastUse
  }
  readonly getReceipt: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: undefined
    readonly response: Receipt
  }
  readonly exportKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: ExportKeyRequest
    readonly response: ExportedKey
  }
  readonly unwrapKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: UnwrapKeyRequest
    readonly response: Key
  }
  readonly deriveKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: DeriveKeyRequest
    readonly response: Key
  }
  readonly requestCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: RequestCertificateRequest
    readonly response: CertificateRequest
  }
  readonly selfSignCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: SelfSignRequest
    readonly response: IssuedCertificate
  }
  readonly issueCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: IssueCertificateRequest
    readonly response: IssuedCertificate
  }
  readonly listCertificates: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: CertificatePage
  }
  readonly addCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: AddCertificateRequest
    readonly response: StoredCertificate
  }
  readonly getCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /** The certificate's id. */
      readonly certificate: Id
    }
    readonly body: undefined
    readonly response: StoredCertificate
  }
  readonly deleteCertificate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
      /** The certificate's id. */
      readonly certificate: Id
    }
    readonly body: undefined
    readonly response: undefined
  }
  readonly createTimestamp: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: CreateTimestampRequest
    readonly response: CreatedTimestamp
  }
  readonly encrypt: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: EncryptRequest
    readonly response: EncryptResult
  }
  readonly decryptRaw: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: DecryptRawRequest
    readonly response: DecryptResult
  }
  readonly decrypt: {
    readonly params: Readonly<Record<string, never>>
    readonly body: DecryptRequest
    readonly response: DecryptResult
  }
  readonly sign: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: SignRequest
    readonly response: SignResult
  }
  readonly verify: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: VerifyRequest
    readonly response: VerifyResult
  }
  readonly mac: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: MacRequest
    readonly response: MacResult
  }
  readonly verifyMac: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: VerifyMacRequest
    readonly response: VerifyResult
  }
  readonly generateDataKey: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: DataKeyRequest
    readonly response: DataKey
  }
  readonly encapsulate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: EncapsulateRequest
    readonly response: EncapsulateResult
  }
  readonly decapsulate: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: DecapsulateRequest
    readonly response: SharedSecret
  }
  readonly agree: {
    readonly params: {
      /** The key's id or name. */
      readonly key: KeyRef
    }
    readonly body: AgreeRequest
    readonly response: SharedSecret
  }
  readonly random: {
    readonly params: Readonly<Record<string, never>>
    readonly body: RandomRequest
    readonly response: RandomResult
  }
  readonly batch: {
    readonly params: Readonly<Record<string, never>>
    readonly body: BatchRequest
    readonly response: BatchResponse
  }
  readonly listRequests: {
    readonly params: {
      /** A request's state. */
      readonly state?: RequestState
      /** Records of the key with this id alone. */
      readonly key?: Id
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: RequestPage
  }
  readonly createRequest: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: CreateRequestRequest
    readonly response: Request
  }
  readonly watchRequests: {
    readonly params: {
      /** How long to watch. */
      readonly seconds?: number
    }
    readonly body: undefined
    readonly response: AsyncIterable<string>
  }
  readonly getRequest: {
    readonly params: {
      /** The request's id. */
      readonly request: Id
    }
    readonly body: undefined
    readonly response: Request
  }
  readonly speakOnRequest: {
    readonly params: {
      /** The request's id. */
      readonly request: Id
    }
    readonly body: WordRequest
    readonly response: Request
  }
  readonly cancelRequest: {
    readonly params: {
      /** The request's id. */
      readonly request: Id
    }
    readonly body: undefined
    readonly response: Request
  }
  readonly stampCall: {
    readonly params: Readonly<Record<string, never>>
    readonly body: StampCallRequest
    readonly response: StampedCall
  }
  readonly makeCall: {
    readonly params: Readonly<Record<string, never>>
    readonly body: MakeCallRequest
    readonly response: MadeCall
  }
  readonly listWebhooks: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Webhooks
  }
  readonly createWebhook: {
    readonly params: Readonly<Record<string, never>>
    readonly body: CreateWebhookRequest
    readonly response: CreatedWebhook
  }
  readonly deleteWebhook: {
    readonly params: {
      /** The webhook's id. */
      readonly webhook: Id
    }
    readonly body: undefined
    readonly response: undefined
  }
  readonly testWebhook: {
    readonly params: {
      /** The webhook's id. */
      readonly webhook: Id
    }
    readonly body: undefined
    readonly response: TestedWebhook
  }
  readonly listApprovers: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: NamedApprovers
  }
  readonly createApprover: {
    readonly params: Readonly<Record<string, never>>
    readonly body: CreateApproverRequest
    readonly response: InvitedApprover
  }
  readonly deleteApprover: {
    readonly params: {
      /** The approver's name. */
      readonly approver: Name
    }
    readonly body: undefined
    readonly response: undefined
  }
  readonly renewApproverCode: {
    readonly params: {
      /** The approver's name. */
      readonly approver: Name
    }
    readonly body: undefined
    readonly response: InvitedApprover
  }
  readonly explain: {
    readonly params: Readonly<Record<string, never>>
    readonly body: ExplainRequest
    readonly response: Explanation
  }
  readonly getPartition: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Partition
  }
  readonly updatePartition: {
    readonly params: Readonly<Record<string, never>>
    readonly body: UpdatePartitionRequest
    readonly response: Partition
  }
  readonly setPartitionRules: {
    readonly params: Readonly<Record<string, never>>
    readonly body: PartitionRulesRequest
    readonly response: Partition
  }
  readonly blockPartition: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Partition
  }
  readonly unblockPartition: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Partition
  }
  readonly listPartitions: {
    readonly params: {
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: PartitionPage
  }
  readonly createPartition: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: CreatePartitionRequest
    readonly response: CreatedPartition
  }
  readonly getPartitionById: {
    readonly params: {
      /** The partition's id. */
      readonly partition: Id
    }
    readonly body: undefined
    readonly response: Partition
  }
  readonly updateQuota: {
    readonly params: {
      /** The partition's id. */
      readonly partition: Id
    }
    readonly body: UpdateQuotaRequest
    readonly response: Partition
  }
  readonly listPrincipals: {
    readonly params: {
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: PrincipalPage
  }
  readonly createPrincipal: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: CreatePrincipalRequest
    readonly response: PrincipalWithToken
  }
  readonly getPrincipal: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
    }
    readonly body: undefined
    readonly response: Principal
  }
  readonly updatePrincipal: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
    }
    readonly body: UpdatePrincipalRequest
    readonly response: Principal
  }
  readonly deletePrincipal: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
    }
    readonly body: undefined
    readonly response: undefined
  }
  readonly issueToken: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
    }
    readonly body: TokenRequest
    readonly response: PrincipalWithToken
  }
  readonly issueAccessKey: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
    }
    readonly body: AccessKeyRequest
    readonly response: PrincipalWithToken
  }
  readonly revokeCredential: {
    readonly params: {
      /** The principal's id. */
      readonly principal: Id
      /** The credential's id. */
      readonly credential: Id
    }
    readonly body: undefined
    readonly response: Principal
  }
  readonly listIssuers: {
    readonly params: {
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: IssuerPage
  }
  readonly createIssuer: {
    readonly params: {
      /**
       * Chosen by the caller, remembered for a day. A repeated call with the same key and the
       * same request answers with the first result; with another request,
       * IDEMPOTENCY_MISMATCH.
       */
      readonly idempotencyKey?: IdempotencyKey
    }
    readonly body: CreateIssuerRequest
    readonly response: Issuer
  }
  readonly deleteIssuer: {
    readonly params: {
      /** The issuer's id. */
      readonly issuer: Id
    }
    readonly body: undefined
    readonly response: undefined
  }
  readonly listAuditRecords: {
    readonly params: {
      /** Records of this act alone, such as `key.encrypt`. */
      readonly act?: string
      /** Records of the key with this id alone. */
      readonly key?: Id
      /** Records of this principal's id, or `issuer:subject`, alone. */
      readonly subject?: string
      /** Records of this moment and later. */
      readonly since?: Instant
      /** Records before this moment. */
      readonly until?: Instant
      /** Items of one page. */
      readonly limit?: number
      /** `next` of the page before. */
      readonly after?: string
    }
    readonly body: undefined
    readonly response: AuditPage
  }
  readonly exportAudit: {
    readonly params: {
      /** Records of this act alone, such as `key.encrypt`. */
      readonly act?: string
      /** Records of the key with this id alone. */
      readonly key?: Id
      /** Records of this principal's id, or `issuer:subject`, alone. */
      readonly subject?: string
      /** Records of this moment and later. */
      readonly since?: Instant
      /** Records before this moment. */
      readonly until?: Instant
    }
    readonly body: undefined
    readonly response: AsyncIterable<string>
  }
  readonly seal: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: undefined
  }
  readonly shred: {
    readonly params: Readonly<Record<string, never>>
    readonly body: undefined
    readonly response: Shredded
  }
}
export type OperationId = keyof Operations
