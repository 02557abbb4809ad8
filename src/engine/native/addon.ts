/**
 * The addon's functions, as src/engine/native/*.c define them. They throw Error with one of
 * {@link addonErrorCodes} for arguments of another type or length, and never end the process.
 * A byte argument is read during the call alone; every answer is fresh memory.
 */

declare const brand: unique symbol
/** Lives in OpenSSL's memory, which is cleansed when the garbage collector finds the handle. */
interface Held<Name extends string> {
  readonly [brand]: Name
}
export type AesKey = Held<"AesKey">
export type HmacKey = Held<"HmacKey">
export type PairKey = Held<"PairKey">
export type Scheme = Held<"Scheme">

/** `KEYHOLD_ARGUMENT`: a bug of ours; `KEYHOLD_KEY`: no such key; `KEYHOLD_FAILED`: OpenSSL. */
export const addonErrorCodes = ["KEYHOLD_ARGUMENT", "KEYHOLD_KEY", "KEYHOLD_FAILED"] as const

/** OpenSSL's names of the hashes that MACs may use. */
export type Hash =
  | "sha1"
  | "sha224"
  | "sha256"
  | "sha384"
  | "sha512"
  | "sha3-224"
  | "sha3-256"
  | "sha3-384"
  | "sha3-512"
  | "keccak-256"

/** OpenSSL's parameters of an operation; those that are absent keep its defaults. */
export interface SchemeParameters {
  readonly digest?: string | undefined
  readonly "mgf1-digest"?: string | undefined
  readonly "pad-mode"?: "pkcs1" | "pss" | "oaep" | undefined
  readonly saltlen?: number | undefined
  /** 1: RFC 6979. */
  readonly "nonce-type"?: 1 | undefined
  readonly deterministic?: number | undefined
  /** 1: the input is ML-DSA's mu. */
  readonly mu?: 1 | undefined
  /** 0: the input has its framing already. */
  readonly "message-encoding"?: 0 | undefined
  /** At most 255 bytes. */
  readonly "context-string"?: Uint8Array | undefined
}

/** What {@link Addon.feed} takes: 512 nonces of 24 bytes. */
export const noncePoolBytes = 12_288

/** What {@link Addon.signLater} and {@link Addon.decryptLater} take at a time. */
export const laterMax = 256

export interface Addon {
  /** 16, 24 or 32 raw bytes. */
  aesKey(raw: Uint8Array): AesKey
  /** AES-GCM with a nonce of 12 bytes, XAES-256-GCM with 24: ciphertext || tag. */
  seal(key: AesKey, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** nonce || ciphertext || tag; undefined when {@link Addon.feed} has to come first. */
  sealFresh(
    key: AesKey,
    nonceBytes: number,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | undefined
  /**
   * For each plaintext: prefix || nonce || ciphertext || tag, one behind the other; undefined when
   * {@link Addon.feed} has to come first.
   *
   * @param aads - one behind the other, as long as `lengths` says.
   * @param plaintexts - the same.
   * @param lengths - for each message that of its associated data, then that of its plaintext.
   */
  sealMany(
    key: AesKey,
    nonceBytes: number,
    prefix: Uint8Array,
    aads: Uint8Array,
    plaintexts: Uint8Array,
    lengths: Uint32Array,
  ): Uint8Array | undefined
  /** Undefined when it does not open. */
  open(
    key: AesKey,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined
  /** Hands over {@link noncePoolBytes} random bytes, each of which becomes part of one nonce. */
  feed(random: Uint8Array): void
  hmacKey(raw: Uint8Array, hash: Hash): HmacKey
  /** As long as the hash. */
  hmac(key: HmacKey, message: Uint8Array): Uint8Array
  /** Of any algorithm that signs; whole PKCS#8 DER. It verifies too. */
  privateKey(pkcs8: Uint8Array): PairKey
  /** Whole SPKI DER. It only verifies. */
  publicKey(spki: Uint8Array): PairKey
  /**
   * @param algorithm - of OpenSSL's, such as `ED25519ph`; undefined: the key's own, over digests.
   * @param input - what it will be given; `message`: OpenSSL hashes that itself.
   */
  scheme(
    algorithm: string | undefined,
    input: "message" | "digest",
    parameters: SchemeParameters,
  ): Scheme
  /** KEYHOLD_FAILED when scheme, key and input do not fit each other; here and below. */
  sign(key: PairKey, scheme: Scheme, input: Uint8Array): Uint8Array
  /**
   * On a thread of libuv's pool, at most {@link laterMax} inputs: each answer behind its length in
   * 4 bytes, big-endian. One that fails fails them all.
   *
   * @param inputs - one behind the other, as long as `lengths` says.
   */
  signLater(
    key: PairKey,
    scheme: Scheme,
    inputs: Uint8Array,
    lengths: Uint32Array,
  ): Promise<Uint8Array>
  /** As {@link Addon.signLater}; for what does not open the length is 2^32 - 1, with no bytes. */
  decryptLater(
    key: PairKey,
    scheme: Scheme,
    inputs: Uint8Array,
    lengths: Uint32Array,
  ): Promise<Uint8Array>
  verify(key: PairKey, scheme: Scheme, input: Uint8Array, signature: Uint8Array): boolean
  /** The audit log's records of one commit; src/audit/chain.ts says how. */
  readonly chainRecords: (
    leafHead: Uint8Array,
    linkInput: Uint8Array,
    salts: Uint8Array,
    bodies: Uint8Array,
    lengths: Uint32Array,
  ) => Uint8Array
  /**
   * HKDF-SHA-256 (RFC 5869), 32 bytes for each: one behind the other.
   *
   * @param salts - 32 bytes for each.
   * @param infos - one behind the other, as long as `lengths` says.
   */
  deriveKeys(
    ikm: Uint8Array,
    salts: Uint8Array,
    infos: Uint8Array,
    lengths: Uint32Array,
  ): Uint8Array<ArrayBuffer>
  /**
   * For each plaintext, one behind the other: head || salt || IV || AES-256-GCM under HKDF-SHA-256
   * of key, salt and `info`, which binds the head and its own associated data.
   *
   * @param keys - 32 bytes for all of them, or for each.
   * @param fresh - a salt of 16 and an IV of 12 random bytes for each.
   * @param lengths - as {@link Addon.sealMany} has them.
   */
  sealBlobs(
    keys: Uint8Array,
    info: Uint8Array,
    head: Uint8Array,
    fresh: Uint8Array,
    aads: Uint8Array,
    plaintexts: Uint8Array,
    lengths: Uint32Array,
  ): Uint8Array<ArrayBuffer>
  /** One of them; undefined when it does not open. */
  openBlob(
    key: Uint8Array,
    info: Uint8Array,
    headBytes: number,
    aad: Uint8Array,
    blob: Uint8Array,
  ): Uint8Array<ArrayBuffer> | undefined
  /**
   * Asks the kernel to serve a thread of this process with a niceness, and with slices of so many
   * microseconds (sched_setattr(2), Linux 6.12); false where it knows no such thing.
   */
  schedule(thread: number, nice: number, sliceUs: number): boolean
  /** LM-OTS over SHA-256: 23 bytes of position, then a value of 24 or 32. */
  lmsChain(block: Uint8Array, from: number, to: number): Uint8Array
  /** The public key of LM-OTS at a position of 20 bytes, from the tree's seed. */
  lmsKey(position: Uint8Array, seed: Uint8Array, chains: number, steps: number): Uint8Array
  /** WOTS+ of XMSS: 32 bytes each. */
  xmssChain(
    seed: Uint8Array,
    address: Uint8Array,
    value: Uint8Array,
    from: number,
    to: number,
  ): Uint8Array
  /** A node of an XMSS tree from both of its children, side by side. */
  xmssPair(seed: Uint8Array, address: Uint8Array, children: Uint8Array): Uint8Array
}
