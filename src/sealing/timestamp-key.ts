/**
 * The key that signs a partition's timestamps in the TSB dialect: ECDSA on P-256, as clients of
 * that dialect verify. It follows from the partition's master key, so every node has the same one.
 */

import {
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from "node:crypto"

import type { SecretBytes } from "../engine/secret-bytes.ts"

/** RFC 5915 in RFC 5208: a P-256 private key is this prefix and 32 bytes of scalar. */
const pkcs8Prefix = Uint8Array.fromHex(
  "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
)

export class TimestampKey implements Disposable {
  readonly #seed: SecretBytes
  /** Made at its first use. */
  #pair: { readonly secret: KeyObject; readonly public: KeyObject } | undefined

  /** Takes ownership of `seed`: 32 bytes. */
  constructor(seed: SecretBytes) {
    this.#seed = seed
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign("sha256", message, { key: this.#open().secret, dsaEncoding: "der" }))
  }

  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return verify("sha256", message, { key: this.#open().public, dsaEncoding: "der" }, signature)
  }

  /** SPKI DER. */
  get publicKey(): Uint8Array {
    return new Uint8Array(this.#open().public.export({ format: "der", type: "spki" }))
  }

  [Symbol.dispose](): void {
    this.#pair = undefined
    this.#seed[Symbol.dispose]()
  }

  #open(): { readonly secret: KeyObject; readonly public: KeyObject } {
    if (this.#pair === undefined) {
      const secret = this.#seed.lend(pairFromSeed)
      this.#pair = { secret, public: createPublicKey(secret) }
    }
    return this.#pair
  }
}

/** FIPS 186-5 section A.2.2: candidates until one is a scalar; nearly always the first. */
function pairFromSeed(seed: Uint8Array): KeyObject {
  for (let count = 0; ; count++) {
    const scalar = createHmac("sha256", seed).update(Uint8Array.of(count)).digest()
    const key = Buffer.concat([pkcs8Prefix, scalar])
    try {
      createECDH("prime256v1").setPrivateKey(scalar)
      return createPrivateKey({ key, format: "der", type: "pkcs8" })
    } catch (error) {
      if (count === 255) throw error
    } finally {
      scalar.fill(0)
      key.fill(0)
    }
  }
}
