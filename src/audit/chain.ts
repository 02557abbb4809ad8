/**
 * The chain's arithmetic: leaves, links, MAC keys and commitments. Pure; docs/formats/audit.md is
 * its text.
 */

import { hash } from "node:crypto"
import { canonical, canonicalFieldHead, writeField } from "../codec/canonical.ts"

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

/** Bytes that one record takes in its scope's sealed bodies besides the body itself. */
export const bodyOverheadBytes = 2 * canonicalFieldHead + saltBytes

export function nextLink(clusterId: string, link: Uint8Array, leaf: Uint8Array): Uint8Array {
  return sha256(canonical("audit-link", clusterId, link, leaf))
}

/** The records of one commit: what there is of each lies one behind the other. */
export interface Chained {
  /** 32 bytes for each record. */
  readonly leaves: Buffer
  /** The link after the last. */
  readonly link: Uint8Array
  /** For each record the tail of its {@link leafInput}, as the sealed bodies hold it. */
  readonly salted: Uint8Array
  /** Of the bodies. */
  readonly lengths: Uint32Array
}

/**
 * Chains records: hashes leaves and links, and writes what is sealed.
 *
 * @param leafHead - what every {@link leafInput} of the cluster begins with.
 * @param linkInput - of {@link nextLink}, with a leaf still to come.
 * @param salts - 16 bytes for each record.
 * @param bodies - UTF-8, one behind the other.
 * @param lengths - of the bodies.
 * @returns leaves, link and what is salted, as in {@link Chained}, one behind the other.
 */
export type ChainRecords = (
  leafHead: Uint8Array,
  linkInput: Uint8Array,
  salts: Uint8Array,
  bodies: Uint8Array,
  lengths: Uint32Array,
) => Uint8Array

/** {@link ChainRecords} where there is no addon (src/engine/native/record-chain.c). */
export const chainRecords: ChainRecords = (leafHead, linkInput, salts, bodies, lengths) => {
  const link = Buffer.from(linkInput)
  const text = Buffer.from(bodies.buffer, bodies.byteOffset, bodies.length)
  const leafAt = link.length - hashBytes
  const linkAt = leafAt - canonicalFieldHead - hashBytes
  const leavesEnd = lengths.length * hashBytes
  const saltedBytes = bodies.length + lengths.length * bodyOverheadBytes
  const out = Buffer.alloc(leavesEnd + hashBytes + saltedBytes)
  const longest = lengths.reduce((max, length) => Math.max(max, length), 0)
  const input = Buffer.alloc(leafHead.length + bodyOverheadBytes + longest)
  input.set(leafHead)
  let from = 0
  let to = leavesEnd + hashBytes
  for (const [index, length] of lengths.entries()) {
    const salt = salts.subarray(saltBytes * index, saltBytes * (index + 1))
    const body = text.toString("utf8", from, from + length)
    const end = writeField(input, writeField(input, leafHead.length, salt), body)
    // As text of one byte per character: half the cost of a buffer per digest.
    const leaf = hash("sha256", input.subarray(0, end), "latin1")
    out.write(leaf, index * hashBytes, "latin1")
    link.write(leaf, leafAt, "latin1")
    link.write(hash("sha256", link, "latin1"), linkAt, "latin1")
    to += input.copy(out, to, leafHead.length, end)
    from += length
  }
  link.copy(out, leavesEnd, linkAt, linkAt + hashBytes)
  return out
}

/** Chains `bodies` behind `link`, with {@link ChainRecords} as given. */
export function chainBodies(
  run: ChainRecords,
  clusterId: string,
  { link, salts, bodies }: { link: Uint8Array; salts: Uint8Array; bodies: readonly string[] },
): Chained {
  const text = bodies.join("")
  const bytes = Buffer.from(text)
  const isAscii = bytes.length === text.length
  const lengths = Uint32Array.from(bodies, (body) =>
    isAscii ? body.length : Buffer.byteLength(body),
  )
  const leafHead = canonical("audit-leaf", clusterId)
  const linkInput = canonical("audit-link", clusterId, link, new Uint8Array(hashBytes))
  const out = run(leafHead, linkInput, salts, bytes, lengths)
  const leavesEnd = lengths.length * hashBytes
  return {
    leaves: Buffer.from(out.buffer, out.byteOffset, leavesEnd),
    link: out.slice(leavesEnd, leavesEnd + hashBytes),
    salted: out.subarray(leavesEnd + hashBytes),
    lengths,
  }
}

/** What one scope seals: of most commits all that there is. */
export function saltedAt(
  { salted, lengths }: Pick<Chained, "salted" | "lengths">,
  positions: readonly number[],
): Uint8Array {
  if (positions.length === lengths.length) return salted
  const starts: number[] = []
  let at = 0
  for (const length of lengths) {
    starts.push(at)
    at += bodyOverheadBytes + length
  }
  starts.push(at)
  return Buffer.concat(positions.map((one) => salted.subarray(starts[one], starts[one + 1])))
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
