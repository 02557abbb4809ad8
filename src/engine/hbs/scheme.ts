/** The stateful schemes in one shape: what a key stores, signs with an index, and verifies. */

import { join, Reader, u16, u32 } from "./bytes.ts"
import type { ChainHash } from "./chains.ts"
import {
  leaf,
  lmsType,
  otsType,
  parent,
  readLmsPublic,
  readLmsSignature,
  signOts,
  verifyLms,
  writeLmsPublic,
  writeLmsSignature,
  type TreeSeed,
} from "./lms.ts"
import {
  authenticationPath,
  makeSubtree,
  subtreeHeight,
  type Nodes,
  type TreeHash,
} from "./merkle.ts"
import {
  readXmssPublic,
  signXmss,
  verifyXmss,
  writeXmssPublic,
  xmssHeight,
  xmssLeaf,
  xmssParent,
} from "./xmss.ts"

/** A tree by what its leaves are drawn from; what a thread gets to make it. */
export type TreeOrder =
  | {
      readonly kind: "lms"
      readonly height: number
      readonly seed: Uint8Array
      readonly id: Uint8Array
    }
  | {
      readonly kind: "xmss"
      readonly secret: Uint8Array
      readonly prf: Uint8Array
      readonly seed: Uint8Array
    }

/** LM-OTS with w = 4: a signature of 2.2 KB for a thousand hashes. */
const otsCode = 3
const lmsCodes: Readonly<Record<number, number>> = { 5: 5, 10: 6, 15: 7 }
const [seedBytes, idBytes, nodeBytes] = [32, 16, 32]

function lmsTree(by: ChainHash, order: TreeOrder & { readonly kind: "lms" }): TreeSeed {
  const { height, seed, id } = order
  return { by, type: lmsType(lmsCodes[height] ?? 0), ots: otsType(otsCode), id, seed }
}

/** How the nodes of a tree are made. */
export function treeHash(by: ChainHash, order: TreeOrder): TreeHash {
  if (order.kind === "lms") {
    const tree = lmsTree(by, order)
    return {
      height: order.height,
      bytes: nodeBytes,
      leaf: (index) => leaf(tree, index),
      parent: (node, children) => parent(tree, node, children),
    }
  }
  const tree = { by, ...order }
  return {
    height: xmssHeight,
    bytes: nodeBytes,
    leaf: (index) => xmssLeaf(tree, index),
    parent: (node, children) => xmssParent(tree, node, children),
  }
}

/** Makes the stored nodes of a tree, wherever that is done. */
export type MakeUpper = (order: TreeOrder) => Promise<Uint8Array>

export interface StatefulScheme {
  /** Of one key. */
  readonly signatures: number
  /** Bytes of a private key before its nodes. */
  readonly secretBytes: number
  readonly order: (material: Uint8Array) => TreeOrder
  readonly publicOf: (material: Uint8Array) => Uint8Array
  readonly sign: (using: Signing, index: number, message: Uint8Array) => Promise<Uint8Array>
  readonly verify: (
    by: ChainHash,
    key: Uint8Array,
    signed: { readonly message: Uint8Array; readonly signature: Uint8Array },
  ) => boolean
}

/** A private key at work; what it makes of its trees is kept in `memory`. */
export interface Signing {
  readonly by: ChainHash
  readonly material: Uint8Array
  readonly makeUpper: MakeUpper
  readonly memory: Memory
}

/** Public nodes that the next signatures need as well. */
export class Memory {
  readonly subtrees = new Map<string, { readonly first: number; readonly nodes: Nodes }>()
  /** Being made, or made. */
  lower: { readonly index: number; readonly nodes: Promise<Uint8Array> } | undefined
}

/** The way from a leaf to the root, with the leaf's subtree kept for its neighbours. */
function pathOf(
  { by, memory }: Signing,
  tree: { readonly name: string; readonly order: TreeOrder; readonly stored: Uint8Array },
  index: number,
): Uint8Array[] {
  const hashing = treeHash(by, tree.order)
  const first = index - (index % 2 ** subtreeHeight)
  const known = memory.subtrees.get(tree.name)
  const nodes = known?.first === first ? known.nodes : makeSubtree(hashing, index)
  memory.subtrees.set(tree.name, { first, nodes })
  return authenticationPath(hashing, index, { stored: tree.stored, subtree: nodes })
}

/** XMSS-SHA2_10_256 (RFC 8391 section 5.3). */
export const xmss: StatefulScheme = {
  signatures: 2 ** xmssHeight,
  secretBytes: 96,
  order: xmssOrder,
  publicOf: (material) =>
    writeXmssPublic({ root: rootOf(material, 96), seed: xmssOrder(material).seed }),
  sign: async (using, index, message) => {
    const { by, material } = using
    const order = xmssOrder(material)
    const path = pathOf(using, { name: "0", order, stored: material.subarray(96) }, index)
    return signXmss({ by, ...order }, { index, root: rootOf(material, 96), path }, message)
  },
  verify: (by, key, signed) => verifyXmss(by, readXmssPublic(key), signed),
}

function xmssOrder(material: Uint8Array): TreeOrder & { readonly kind: "xmss" } {
  const [secret, prf, seed] = [0, 32, 64].map((at) => material.subarray(at, at + 32))
  const none = new Uint8Array()
  return { kind: "xmss", secret: secret ?? none, prf: prf ?? none, seed: seed ?? none }
}

function rootOf(material: Uint8Array, from: number): Uint8Array {
  return material.subarray(from, from + nodeBytes)
}

/** HSS (RFC 8554 section 6) of one tree, or of two, the upper of which signs the lower ones. */
export function hss(upper: 5 | 10 | 15, lower?: 5 | 10): StatefulScheme {
  const secretBytes = seedBytes + idBytes
  const order = (material: Uint8Array) => ({
    kind: "lms" as const,
    height: upper,
    seed: material.subarray(0, seedBytes),
    id: material.subarray(seedBytes, secretBytes),
  })
  return {
    signatures: 2 ** (upper + (lower ?? 0)),
    secretBytes,
    order,
    publicOf: (material) => {
      const tree = lmsTree(unused, order(material))
      const levels = lower === undefined ? 1 : 2
      const root = rootOf(material, secretBytes)
      return join(u32(levels), writeLmsPublic({ ...tree, root }))
    },
    sign: async (using, index, message) => {
      const tree = { order: order(using.material), stored: using.material.subarray(secretBytes) }
      if (lower === undefined) return join(u32(0), signTree(using, "0", tree, index, message))
      const [at, below] = [Math.floor(index / 2 ** lower), index % 2 ** lower]
      const leaf = lowerOrder(using.by, tree.order, { height: lower, index: at })
      const nodes = await lowerNodes(using, leaf, at)
      const root = nodes.subarray(0, nodeBytes)
      const own = writeLmsPublic({ ...lmsTree(using.by, leaf), root })
      const signed = signTree(using, "0", tree, at, own)
      const last = signTree(using, `1/${at}`, { order: leaf, stored: nodes }, below, message)
      return join(u32(1), signed, own, last)
    },
    verify: verifyHss,
  }
}

/** Public halves hash nothing. */
const unused: ChainHash = {
  lmsChain: (block) => block,
  xmssChain: (_seed, _address, value) => value,
  xmssPair: (_seed, _address, children) => children,
}

interface StoredTree {
  readonly order: TreeOrder & { readonly kind: "lms" }
  readonly stored: Uint8Array
}

function signTree(
  using: Signing,
  name: string,
  { order, stored }: StoredTree,
  index: number,
  message: Uint8Array,
): Uint8Array {
  const tree = lmsTree(using.by, order)
  const path = pathOf(using, { name, order, stored }, index)
  return writeLmsSignature({ ...signOts(tree, index, message), type: tree.type, path })
}

/** A lower tree's seed and id follow from the upper one's, as chains that there are not. */
function lowerOrder(
  by: ChainHash,
  order: TreeOrder & { readonly kind: "lms" },
  { height, index }: { readonly height: number; readonly index: number },
): TreeOrder & { readonly kind: "lms" } {
  const { ots, id, seed } = lmsTree(by, order)
  const draw = (chain: number): Uint8Array =>
    Uint8Array.from(ots.hash(join(id, u32(index), u16(chain), Uint8Array.of(0xff), seed)))
  return { kind: "lms", height, seed: draw(0xfffe), id: draw(0xffff).subarray(0, idBytes) }
}

/** The lower tree that signs now: made when the one before is used up, or first used. */
async function lowerNodes(
  { memory, makeUpper }: Signing,
  order: TreeOrder,
  index: number,
): Promise<Uint8Array> {
  const known = memory.lower
  if (known?.index === index) return await known.nodes
  const lower = { index, nodes: makeUpper(order) }
  memory.lower = lower
  memory.subtrees.clear()
  try {
    return await lower.nodes
  } catch (error) {
    if (memory.lower === lower) memory.lower = undefined
    throw error
  }
}

/** Algorithm of RFC 8554 section 6.3, for up to eight levels of any parameter sets. */
export function verifyHss(
  by: ChainHash,
  key: Uint8Array,
  { message, signature }: { readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const keyReader = new Reader(key)
  const levels = keyReader.u32()
  if (levels < 1 || levels > 8) throw new RangeError("has 1 to 8 levels")
  let above = readLmsPublic(keyReader)
  keyReader.end()
  const reader = new Reader(signature)
  if (reader.u32() !== levels - 1) return false
  for (let level = 1; level < levels; level++) {
    const signed = readLmsSignature(reader)
    const below = readLmsPublic(reader)
    if (!verifyLms(by, above, writeLmsPublic(below), signed)) return false
    above = below
  }
  const last = readLmsSignature(reader)
  reader.end()
  return verifyLms(by, above, message, last)
}

/** True for the encoding of a public key of HSS. */
export function isHssPublic(key: Uint8Array): boolean {
  try {
    const reader = new Reader(key)
    const levels = reader.u32()
    readLmsPublic(reader)
    reader.end()
    return levels >= 1 && levels <= 8
  } catch {
    return false
  }
}

/** The head of a scheme's public keys: their types, which a public key of it must have. */
export function hssHead(upper: 5 | 10 | 15, levels: 1 | 2): Uint8Array {
  return join(u32(levels), u32(lmsCodes[upper] ?? 0), u32(otsCode))
}
