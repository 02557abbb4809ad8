/**
 * The audit log's cryptography, as its writer's thread uses it: keys arrive there by message and
 * leave by being dropped. Implements the port of audit/crypto.ts.
 */

import { createHmac, createPublicKey, sign } from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import type { RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { openBlob, sealBlob } from "./aead.ts"
import { ed25519FromSeed } from "./ed25519.ts"

/** Names under which keys that belong to no partition arrive. */
export interface AuditKeyNames {
  readonly node: string
  readonly checkpoint: string
}

interface Signer {
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array
}

export class ThreadAuditCrypto {
  readonly #keys: ReadonlyMap<string, Uint8Array>
  readonly #names: AuditKeyNames
  readonly #random: RandomSource
  /** By the seed's own bytes: a dropped seed takes its signer with it. */
  readonly #signers = new WeakMap<Uint8Array, Signer>()

  constructor(keys: ReadonlyMap<string, Uint8Array>, names: AuditKeyNames, random: RandomSource) {
    this.#keys = keys
    this.#names = names
    this.#random = random
  }

  bytes(count: number): Uint8Array {
    return this.#random.bytes(count)
  }

  has(scope: string): boolean {
    return this.#keys.has(scope)
  }

  sealBodies(scope: string, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return sealBlob(this.#key(scope), this.#random, { aad, plaintext, generation: 1 })
  }

  openBodies(scope: string, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    return this.#keys.has(scope) ? openBlob(this.#key(scope), aad, sealed) : undefined
  }

  get signer(): Signer | undefined {
    const seed = this.#keys.get(this.#names.checkpoint)
    if (seed === undefined) return undefined
    let signer = this.#signers.get(seed)
    if (signer === undefined) {
      const key = ed25519FromSeed(seed)
      const publicKey = createPublicKey(key).export({ format: "der", type: "spki" })
      signer = { publicKey, sign: (bytes) => sign(null, bytes, key) }
      this.#signers.set(seed, signer)
    }
    return signer
  }

  mac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
    return createHmac("sha256", key).update(bytes).digest()
  }

  sealSecrets(aad: Uint8Array, secrets: Uint8Array): Uint8Array {
    return this.sealBodies(this.#names.node, secretsAad(aad), secrets)
  }

  openSecrets(aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    return openBlob(this.#key(this.#names.node), secretsAad(aad), sealed)
  }

  /** Lends the map's own bytes: they are wiped where they are dropped. */
  #key(scope: string): SecretBytes {
    const key = this.#keys.get(scope)
    if (key === undefined) throw new Error(`no audit key for ${scope}`) // `has` was asked before.
    return new SecretBytes(key)
  }
}

/** Bodies and secrets under the node's key are told apart by what is bound. */
function secretsAad(aad: Uint8Array): Uint8Array {
  return canonical("audit-secrets", "", aad)
}
