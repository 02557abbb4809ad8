/** The client that people use: keys by name, content in bytes. */

import { randomBytes } from "node:crypto"
import type { CreateTimestampRequest, OperationId, Operations, Role } from "./api.generated.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { runBatch, type Outcomes } from "./batch.ts"
import * as calls from "./calls.ts"
import { Certificates } from "./certificates.ts"
import { Client, type CallOptions } from "./client.ts"
import {
  dataKeyBytes,
  noncePrefixBytes,
  openEnvelope,
  sealEnvelope,
  type ByteSource,
} from "./envelope.ts"
import { findConnection } from "./environment.ts"
import { Keys } from "./keys.ts"
import { Requests } from "./requests.ts"
import { Approvers } from "./approvers.ts"
import { Webhooks } from "./webhooks.ts"

/** Lists, by the operation that answers a page of each. */
export type ListOperationId = {
  [Id in OperationId]: Operations[Id]["response"] extends { readonly items: readonly unknown[] }
    ? Id
    : never
}[OperationId]

/** What a list consists of. */
export type ListItem<Id extends ListOperationId> = Operations[Id]["response"]["items"][number]

/**
 * A client of one node or cluster.
 *
 * ```ts
 * const kh = Keyhold.fromEnvironment()
 * const ciphertext = await kh.encrypt("orders", Buffer.from("hello"))
 * const plaintext = await kh.decrypt(ciphertext)
 * ```
 */
export class Keyhold extends Client {
  /** Keys themselves: make, find, change and retire them. */
  readonly keys = new Keys(this)
  readonly certificates = new Certificates(this)
  readonly requests = new Requests(this)
  readonly webhooks = new Webhooks(this)
  readonly approvers = new Approvers(this)

  /**
   * Finds the node by `KEYHOLD_URL`, `KEYHOLD_TOKEN` and their companions, or by the `dev.json` of
   * a development HSM in this folder or one above. There, each call is made with the token of a
   * role that may make it, unless `role` names one.
   *
   * @throws {@link KeyholdError} CONFIGURATION
   */
  static fromEnvironment({ role }: { readonly role?: Role } = {}): Keyhold {
    return new Keyhold(findConnection({}, process.env, role))
  }

  /** Makes one call of {@link calls}. */
  async run<T>(call: calls.Call<T>, options: CallOptions = {}): Promise<T> {
    const { operation, params, body } = call
    const answer = await this.send({ operation, params, body, ...options })
    // A call's reader takes the answer of the call's operation.
    return call.read(answer as never)
  }

  /**
   * Makes any number of calls in as few requests as the node allows; answers in their order. A
   * call's own failure is its own outcome.
   */
  batch<const Calls extends readonly calls.Call<unknown>[]>(
    list: Calls,
    options: CallOptions = {},
  ): Promise<Outcomes<Calls>> {
    return runBatch(this, list, options)
  }

  /** Every item of a list, page after page. */
  async *list<const Id extends ListOperationId>(
    operation: Id,
    params: Operations[Id]["params"] = {},
  ): AsyncGenerator<ListItem<Id>, void, void> {
    let after: string | undefined
    do {
      const answer = await this.send({ operation, params: { ...params, after } })
      // The generated table says that this operation answers a page.
      const page = answer as { readonly items: readonly ListItem<Id>[]; readonly next?: string }
      yield* page.items
      after = page.next
    } while (after !== undefined)
  }

  /** Encrypts up to 64 KiB; the ciphertext names key and version. */
  encrypt(
    key: string,
    plaintext: Uint8Array,
    options?: Parameters<typeof calls.encrypt>[2] & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.encrypt(key, plaintext, options), options)
  }

  /** Decrypts what {@link Keyhold.encrypt} made. */
  decrypt(
    ciphertext: Uint8Array,
    options?: calls.CipherOptions & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.decrypt(ciphertext, options), options)
  }

  /** Signs a message of up to 2.5 MiB. */
  sign(
    key: string,
    message: Uint8Array,
    options?: calls.SignOptions & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.sign(key, message, options), options)
  }

  /** True when the signature is the key's. */
  verify(
    key: string,
    signed: { readonly message: Uint8Array; readonly signature: Uint8Array },
    options?: calls.SignatureOptions & calls.VersionOptions & CallOptions,
  ): Promise<boolean> {
    return this.run(calls.verify(key, signed, options), options)
  }

  /** Computes a MAC of up to 64 KiB. */
  mac(
    key: string,
    message: Uint8Array,
    options?: calls.MechanismOptions & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.mac(key, message, options), options)
  }

  /** True when the MAC is the key's. */
  verifyMac(
    key: string,
    tagged: { readonly message: Uint8Array; readonly mac: Uint8Array },
    options?: calls.VersionOptions & CallOptions,
  ): Promise<boolean> {
    return this.run(calls.verifyMac(key, tagged, options), options)
  }

  /**
   * Makes a timestamp (RFC 3161) of a digest: a TimeStampResp, DER, with the key's certificates
   * unless told otherwise.
   */
  async timestamp(
    key: string,
    digest: Uint8Array,
    options: Omit<CreateTimestampRequest, "digest"> & CallOptions = {},
  ): Promise<Uint8Array> {
    const { hash, policy, certificates, ...rest } = options
    const body = { digest: encodeBase64(digest), hash, policy, certificates }
    const { response } = await this.call("createTimestamp", { params: { key }, body, ...rest })
    return decodeBase64(response)
  }

  /** Makes a data key for envelope encryption. */
  generateDataKey(
    key: string,
    options?: Parameters<typeof calls.generateDataKey>[1] & CallOptions,
  ): Promise<calls.PlainDataKey> {
    return this.run(calls.generateDataKey(key, options), options)
  }

  /** Makes a shared secret for the holder of a KEM key. */
  encapsulate(
    key: string,
    options?: calls.MechanismOptions & CallOptions,
  ): Promise<calls.Encapsulated> {
    return this.run(calls.encapsulate(key, options), options)
  }

  /** Takes the shared secret out of a ciphertext of {@link Keyhold.encapsulate}. */
  decapsulate(
    key: string,
    ciphertext: Uint8Array,
    options?: calls.VersionOptions & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.decapsulate(key, ciphertext, options), options)
  }

  /** Agrees on a shared secret with the holder of a public key (SPKI DER). */
  agree(
    key: string,
    publicKey: Uint8Array,
    options?: calls.VersionOptions & CallOptions,
  ): Promise<Uint8Array> {
    return this.run(calls.agree(key, publicKey, options), options)
  }

  /** Random bytes of the HSM, 1 to 4,096. */
  random(length: number, options?: CallOptions): Promise<Uint8Array> {
    return this.run(calls.random(length), options)
  }

  /**
   * Encrypts content of any length here, under a data key of its own that `key` wraps; the result
   * is a `.kh` file. Memory use does not grow with the content.
   *
   * @param options - `aad`: whoever decrypts must name the same; at most 8 KiB.
   */
  async *encryptStream(
    source: ByteSource,
    { key, ...options }: StreamOptions & { readonly key: string },
  ): AsyncGenerator<Uint8Array, void, void> {
    const made = await this.generateDataKey(key, { ...options, length: dataKeyBytes })
    const { plaintext: dataKey, ciphertext: wrappedKey } = made
    const noncePrefix = randomBytes(noncePrefixBytes)
    try {
      yield* sealEnvelope(source, { dataKey, wrappedKey, noncePrefix }, options.aad ?? noBytes)
    } finally {
      dataKey.fill(0)
    }
  }

  /**
   * Decrypts a `.kh` file; hands out no byte before it is verified. What came before an error is
   * authentic but incomplete: use it only when the iteration has ended without one.
   *
   * @throws {@link KeyholdError} NOT_AN_ENVELOPE, ENVELOPE_DAMAGED, DECRYPTION_FAILED and others.
   */
  decryptStream(
    source: ByteSource,
    options: StreamOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    const unwrap = (wrappedKey: Uint8Array) => this.decrypt(wrappedKey, options)
    return openEnvelope(source, unwrap, options.aad ?? noBytes)
  }
}

export type StreamOptions = calls.CipherOptions & CallOptions

const noBytes = new Uint8Array()
