/** XMSS-SHA2_10_256 (RFC 8391, SP 800-208 section 5), with keys drawn as SP 800-208 section 7.2. */

import { digits, join, Reader, u32 } from "./bytes.ts"
import { keyed, type ChainHash } from "./chains.ts"

const n = 32
export const xmssHeight = 10
/** RFC 8391 section 5.3. */
const oid = 1
/** Section 3.1.1, with w = 16: 64 digits of a hash, 3 of their checksum. */
const chains = 67
const top = 15

/** Section 2.5: where in the tree a hash is computed. Layer and tree are always 0. */
interface Address {
  readonly type: 0 | 1 | 2
  readonly words: readonly [number, number, number]
}

function addressed({ type, words }: Address): Uint8Array {
  return join(new Uint8Array(12), ...[type, ...words, 0].map(u32))
}

/** Algorithm 2, from one step to another. */
function runChain(
  { by, seed }: Hashing,
  at: { readonly index: number; readonly chain: number },
  { value, from, to }: { readonly value: Uint8Array; readonly from: number; readonly to: number },
): Uint8Array {
  const address = addressed({ type: 0, words: [at.index, at.chain, 0] })
  return by.xmssChain(seed, address, value, from, to)
}

/** What all hashes of one tree share. */
interface Hashing {
  readonly by: ChainHash
  readonly seed: Uint8Array
}

/** Algorithm 8: the L-tree over the ends of one key's chains. */
function ltree({ by, seed }: Hashing, index: number, ends: readonly Uint8Array[]): Uint8Array {
  let nodes = [...ends]
  for (let height = 0; nodes.length > 1; height++) {
    const next: Uint8Array[] = []
    for (let at = 0; at + 1 < nodes.length; at += 2) {
      const address = addressed({ type: 1, words: [index, height, at / 2] })
      next.push(by.xmssPair(seed, address, join(...nodes.slice(at, at + 2))))
    }
    // An odd one rises as it is.
    const last = nodes.at(-1)
    if (nodes.length % 2 === 1 && last !== undefined) next.push(last)
    nodes = next
  }
  return nodes[0] ?? new Uint8Array(n)
}

/** A node from its children, by its number in merkle.ts. */
export function xmssParent(
  { by, seed }: Hashing,
  node: number,
  children: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  const depth = Math.floor(Math.log2(node))
  const words = [0, xmssHeight - depth - 1, node - 2 ** depth] as const
  return by.xmssPair(seed, addressed({ type: 2, words }), join(...children))
}

/** What a tree is made from: section 4.1.3. */
export interface XmssSecret extends Hashing {
  readonly secret: Uint8Array
  readonly prf: Uint8Array
}

/** SP 800-208 section 7.2.1: PRF_keygen. */
function chainStart({ secret, seed }: XmssSecret, index: number, chain: number): Uint8Array {
  const address = addressed({ type: 0, words: [index, chain, 0] })
  return keyed("keygen", secret, seed, address)
}

/** The leaf of one one-time key. */
export function xmssLeaf(tree: XmssSecret, index: number): Uint8Array {
  const ends = Array.from({ length: chains }, (_, chain) =>
    runChain(tree, { index, chain }, { value: chainStart(tree, index, chain), from: 0, to: top }),
  )
  return ltree(tree, index, ends)
}

/** How far each chain has gone: algorithm 5. */
function messageSteps(digest: Uint8Array): readonly number[] {
  const steps = digits(digest, 4)
  const sum = steps.reduce((total, digit) => total + top - digit, 0) << 4
  return [...steps, ...digits(Uint8Array.of(sum >> 8, sum & 0xff), 4)].slice(0, chains)
}

function messageDigest(
  { r, root, index }: { readonly r: Uint8Array; readonly root: Uint8Array; readonly index: number },
  message: Uint8Array,
): Uint8Array {
  return keyed("message", r, root, wide(index), message)
}

/** toByte(index, 32). */
function wide(index: number): Uint8Array {
  return join(new Uint8Array(n - 4), u32(index))
}

export interface XmssPublic {
  readonly root: Uint8Array
  readonly seed: Uint8Array
}

/** Appendix B.3. @throws RangeError for another parameter set. */
export function readXmssPublic(bytes: Uint8Array): XmssPublic {
  const reader = new Reader(bytes)
  if (reader.u32() !== oid) throw new RangeError("is no key of XMSS-SHA2_10_256")
  const key = { root: reader.take(n), seed: reader.take(n) }
  reader.end()
  return key
}

export function writeXmssPublic({ root, seed }: XmssPublic): Uint8Array {
  return join(u32(oid), root, seed)
}

/** Algorithm 12 for one index, which must never be used again; `path` leads to the root. */
export function signXmss(
  tree: XmssSecret,
  at: {
    readonly index: number
    readonly root: Uint8Array
    readonly path: readonly Uint8Array[]
  },
  message: Uint8Array,
): Uint8Array {
  const { index, root, path } = at
  const r = keyed("prf", tree.prf, wide(index))
  const steps = messageSteps(messageDigest({ r, root, index }, message))
  const values = steps.map((to, chain) =>
    runChain(tree, { index, chain }, { value: chainStart(tree, index, chain), from: 0, to }),
  )
  return join(u32(index), r, ...values, ...path)
}

/** Algorithm 14. */
export function verifyXmss(
  by: ChainHash,
  key: XmssPublic,
  { message, signature }: { readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const { root, seed } = key
  const hashing = { by, seed }
  const reader = new Reader(signature)
  const index = reader.u32()
  const r = reader.take(n)
  const values = Array.from({ length: chains }, () => reader.take(n))
  const path = Array.from({ length: xmssHeight }, () => reader.take(n))
  reader.end()
  if (index >= 2 ** xmssHeight) return false
  const steps = messageSteps(messageDigest({ r, root, index }, message))
  const ends = values.map((value, chain) =>
    runChain(hashing, { index, chain }, { value, from: steps[chain] ?? 0, to: top }),
  )
  let node = 2 ** xmssHeight + index
  let value = ltree(hashing, index, ends)
  for (const sibling of path) {
    const children = (node & 1) === 1 ? ([sibling, value] as const) : ([value, sibling] as const)
    node >>= 1
    value = xmssParent(hashing, node, children)
  }
  return Buffer.from(value).equals(root)
}
