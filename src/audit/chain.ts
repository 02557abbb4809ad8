/**
 * The chain's arithmetic: leaves, links, MAC keys and commitments. Pure; docs/formats/audit.md is
 * its text.
 */

import { hash } from "node:crypto"
import { canonical, canonicalFieldHead } from "../codec/canonical.ts"

export const hashBytes = 32
/** 128 bits: whoever sees a leaf cannot guess its body, however little the body says. */
export const saltBytes = 16

export interface Head {
  /** Records so far, which is the index of the next one; the first has index 0. */
  readonly records: number
  /** Link after the last of them, 32 bytes. */
  readonly link: Uint8Array
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer")
}

/** The head of an empty chain; names the chain, so that no chain continues another. */
export function genesis(clusterId: string, chain: string): Head {
  return { records: 0, link: sha256(canonical("audit-genesis", clusterId, chain)) }
}

/**
 * What a leaf is the hash of. Its tail, from {@link saltOffset} on, is what the sealed bodies hold:
 * the salt and the body, each with its own length.
 */
export function leafInput(clusterId: string, salt: Uint8Array, body: string): Uint8Array {
  return canonical("audit-leaf", clusterId, salt, body)
}

/** Where the salt's field begins in a {@link leafInput}. */
export function saltOffset(clusterId: string): number {
  return canonical("audit-leaf", clusterId).length
}

/** Bytes that one record takes in its scope's sealed bodies besides the body itself. */
export const bodyOverheadBytes = 2 * canonicalFieldHead + saltBytes

export function nextLink(clusterId: string, link: Uint8Array, leaf: Uint8Array): Uint8Array {
  return sha256(canonical("audit-link", clusterId, link, leaf))
}

/**
 * Chains records one by one without an object per hash: the writer's inner loop. Answers the same
 * as {@link nextLink} over the hashes of the inputs.
 */
export class LinkBuilder {
  /** A link's input; its last two fields, 32 bytes each, are the link before and the leaf. */
  readonly #input: Buffer
  readonly #linkAt: number
  readonly #leafAt: number

  constructor(clusterId: string, link: Uint8Array) {
    this.#input = Buffer.from(canonical("audit-link", clusterId, link, new Uint8Array(hashBytes)))
    this.#leafAt = this.#input.length - hashBytes
    this.#linkAt = this.#leafAt - canonicalFieldHead - hashBytes
  }

  /** Adds the record whose {@link leafInput} this is; writes its leaf into `leaves` at `at`. */
  add(input: Uint8Array, leaves: Buffer, at: number): void {
    // As text of one byte per character: half the cost of a buffer per digest.
    const leaf = hash("sha256", input, "latin1")
    leaves.write(leaf, at, "latin1")
    this.#input.write(leaf, this.#leafAt, "latin1")
    this.#input.write(hash("sha256", this.#input, "latin1"), this.#linkAt, "latin1")
  }

  /** The link after the records added so far. */
  get link(): Uint8Array {
    return Uint8Array.from(this.#input.subarray(this.#linkAt, this.#linkAt + hashBytes))
  }
}

/** The next frame's MAC key: whoever reads today's learns none of yesterday's. */
export function nextMacKey(clusterId: string, key: Uint8Array): Uint8Array {
  return sha256(canonical("audit-mac-next", clusterId, key))
}

/**
 * A scope's secret: its holders can open its commitments, nobody else can guess how many records
 * it has.
 */
export function scopeSecret(clusterId: string, chainSecret: Uint8Array, scope: string): Uint8Array {
  return sha256(canonical("audit-scope-secret", clusterId, chainSecret, scope))
}

/**
 * Says how many records a scope has at one checkpoint. The checkpoint's number is in it, so two
 * checkpoints' commitments cannot be told to belong together.
 */
export function commitment(
  clusterId: string,
  secret: Uint8Array,
  scope: string,
  checkpoint: number,
  lastSeq: number,
): Uint8Array {
  return sha256(canonical("audit-commitment", clusterId, secret, scope, checkpoint, lastSeq))
}

/** The commitments of all scopes that have records, in ascending order. */
export function commitmentsOf(
  clusterId: string,
  chainSecret: Uint8Array,
  checkpoint: number,
  scopes: ReadonlyMap<string, { readonly seq: number }>,
): Uint8Array[] {
  return [...scopes]
    .map(([scope, { seq }]) => {
      const secret = scopeSecret(clusterId, chainSecret, scope)
      return commitment(clusterId, secret, scope, checkpoint, seq)
    })
    .toSorted((left, right) => Buffer.compare(left, right))
}

/** The hash of all commitments of a checkpoint, given in ascending order. */
export function commitmentsHash(clusterId: string, sorted: readonly Uint8Array[]): Uint8Array {
  return sha256(canonical("audit-commitments", clusterId, ...sorted))
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}
