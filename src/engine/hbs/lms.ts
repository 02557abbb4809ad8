/**
 * LMS with LM-OTS (RFC 8554, SP 800-208 section 4): one tree. Verification takes every parameter
 * set; trees are made with SHA-256 and 256 bits.
 */

import { digits, join, sha256, shake256, u16, u32, type HashBytes, type Reader } from "./bytes.ts"
import type { ChainHash } from "./chains.ts"

/** RFC 8554 section 4.1 and table 1, by typecode; SP 800-208 sections 4.1 to 4.4. */
export interface OtsType {
  readonly code: number
  readonly n: number
  readonly w: 1 | 2 | 4 | 8
  /** Chains, and by how much the checksum is shifted. */
  readonly p: number
  readonly shift: number
  readonly hash: HashBytes
  readonly isSha256: boolean
}

/** RFC 8554 section 5.1, by typecode. */
export interface LmsType {
  readonly code: number
  readonly m: number
  readonly height: number
  readonly hash: HashBytes
}

const families = [
  { n: 32, hash: sha256(32) },
  { n: 24, hash: sha256(24) },
  { n: 32, hash: shake256(32) },
  { n: 24, hash: shake256(24) },
] as const
const widths = [1, 2, 4, 8] as const
const heights = [5, 10, 15, 20, 25] as const

const otsTypes = new Map<number, OtsType>(
  families.flatMap(({ n, hash }, family) =>
    widths.map((w, at): [number, OtsType] => {
      const code = 1 + 4 * family + at
      // RFC 8554 appendix B: chains for the message, and for the checksum below its maximum.
      const u = (8 * n) / w
      const v = Math.ceil(Math.floor(Math.log2((2 ** w - 1) * u) + 1) / w)
      return [code, { code, n, w, p: u + v, shift: 16 - v * w, hash, isSha256: family < 2 }]
    }),
  ),
)
const lmsTypes = new Map<number, LmsType>(
  families.flatMap(({ n, hash }, family) =>
    heights.map((height, at): [number, LmsType] => {
      const code = 5 + 5 * family + at
      return [code, { code, m: n, height, hash }]
    }),
  ),
)

/** The types of these codes. @throws RangeError for others. */
export function otsType(code: number): OtsType {
  const found = otsTypes.get(code)
  if (found === undefined) throw new RangeError("is no type of LM-OTS")
  return found
}

/** The type of this code. @throws RangeError for others. */
export function lmsType(code: number): LmsType {
  const found = lmsTypes.get(code)
  if (found === undefined) throw new RangeError("is no type of LMS")
  return found
}

const idBytes = 16
/** RFC 8554 sections 4.3 and 5.3: domain separation. */
const tag = { pblc: 0x8080, mesg: 0x8181, leaf: 0x8282, intr: 0x8383 }

/** A public key of one tree: RFC 8554 section 5.3. */
export interface LmsPublic {
  readonly type: LmsType
  readonly ots: OtsType
  readonly id: Uint8Array
  readonly root: Uint8Array
}

export function readLmsPublic(reader: Reader): LmsPublic {
  const type = lmsType(reader.u32())
  const ots = otsType(reader.u32())
  if (ots.n !== type.m) throw new RangeError("the two types do not belong together")
  return { type, ots, id: reader.take(idBytes), root: reader.take(type.m) }
}

export function writeLmsPublic({ type, ots, id, root }: LmsPublic): Uint8Array {
  return join(u32(type.code), u32(ots.code), id, root)
}

/** A signature of one tree: RFC 8554 section 5.4. */
export interface LmsSignature {
  readonly q: number
  readonly ots: OtsType
  readonly c: Uint8Array
  readonly chains: readonly Uint8Array[]
  readonly type: LmsType
  readonly path: readonly Uint8Array[]
}

export function readLmsSignature(reader: Reader): LmsSignature {
  const q = reader.u32()
  const ots = otsType(reader.u32())
  const c = reader.take(ots.n)
  const chains = Array.from({ length: ots.p }, () => reader.take(ots.n))
  const type = lmsType(reader.u32())
  const path = Array.from({ length: type.height }, () => reader.take(type.m))
  return { q, ots, c, chains, type, path }
}

export function writeLmsSignature(signature: LmsSignature): Uint8Array {
  const { q, ots, c, chains, type, path } = signature
  return join(u32(q), u32(ots.code), c, ...chains, u32(type.code), ...path)
}

/** Algorithm 6a: whether the signature leads to the root. */
export function verifyLms(
  by: ChainHash,
  key: LmsPublic,
  message: Uint8Array,
  { q, ots, c, chains, type, path }: LmsSignature,
): boolean {
  if (ots.code !== key.ots.code || type.code !== key.type.code) return false
  if (q >= 2 ** type.height) return false
  const candidate = otsCandidate({ by, ots, id: key.id, q, c }, message, chains)
  let node = 2 ** type.height + q
  let value = type.hash(join(key.id, u32(node), u16(tag.leaf), candidate))
  for (const sibling of path) {
    const pair = (node & 1) === 1 ? [sibling, value] : [value, sibling]
    node >>= 1
    value = type.hash(join(key.id, u32(node), u16(tag.intr), ...pair))
  }
  return Buffer.from(value).equals(key.root)
}

interface OtsAt {
  readonly by: ChainHash
  readonly ots: OtsType
  readonly id: Uint8Array
  readonly q: number
}

/** Algorithm 4b. */
function otsCandidate(
  { by, ots, id, q, c }: OtsAt & { readonly c: Uint8Array },
  message: Uint8Array,
  chains: readonly Uint8Array[],
): Uint8Array {
  const steps = messageSteps(ots, { id, q, c }, message)
  const last = 2 ** ots.w - 1
  const ends = chains.map((value, chain) =>
    runChain({ by, ots, id, q }, chain, { value, from: steps[chain] ?? 0, to: last }),
  )
  return ots.hash(join(id, u32(q), u16(tag.pblc), ...ends))
}

/** How far each chain has gone: the digits of the message's hash, and of their checksum. */
function messageSteps(
  { hash, w, p, shift }: OtsType,
  { id, q, c }: { readonly id: Uint8Array; readonly q: number; readonly c: Uint8Array },
  message: Uint8Array,
): readonly number[] {
  const digest = hash(join(id, u32(q), u16(tag.mesg), c, message))
  const top = 2 ** w - 1
  const sum = digits(digest, w).reduce((total, digit) => total + top - digit, 0)
  return digits(join(digest, u16(sum << shift)), w).slice(0, p)
}

/** One chain, from one step to another. */
function runChain(
  { by, ots, id, q }: OtsAt,
  chain: number,
  { value, from, to }: { readonly value: Uint8Array; readonly from: number; readonly to: number },
): Uint8Array {
  const block = join(id, u32(q), u16(chain), Uint8Array.of(0), value)
  if (ots.isSha256) return by.lmsChain(block, from, to)
  for (let step = from; step < to; step++) {
    block[idBytes + 6] = step
    block.set(ots.hash(block), idBytes + 7)
  }
  return block.slice(idBytes + 7)
}

/** What a tree is made from: RFC 8554 appendix A. */
export interface TreeSeed {
  readonly by: ChainHash
  readonly type: LmsType
  readonly ots: OtsType
  readonly id: Uint8Array
  readonly seed: Uint8Array
}

/** Appendix A: the beginning of a chain. */
function chainStart({ ots, id, seed }: TreeSeed, q: number, chain: number): Uint8Array {
  return ots.hash(join(id, u32(q), u16(chain), Uint8Array.of(0xff), seed))
}

/** The leaf of one one-time key: algorithm 1, and the leaf's hash. */
export function leaf(tree: TreeSeed, q: number): Uint8Array {
  const { by, type, ots, id, seed } = tree
  const quick = ots.isSha256 && ots.n === 32 ? by.lmsKey : undefined
  const key = quick?.(join(id, u32(q)), seed, ots.p, 2 ** ots.w - 1) ?? otsKey(tree, q)
  return type.hash(join(id, u32(2 ** type.height + q), u16(tag.leaf), key))
}

/** Algorithm 1: the ends of all chains, hashed. */
function otsKey(tree: TreeSeed, q: number): Uint8Array {
  const { by, ots, id } = tree
  const last = 2 ** ots.w - 1
  const ends = Array.from({ length: ots.p }, (_, chain) =>
    runChain({ by, ots, id, q }, chain, { value: chainStart(tree, q, chain), from: 0, to: last }),
  )
  return ots.hash(join(id, u32(q), u16(tag.pblc), ...ends))
}

/** The parent of two nodes. */
export function parent(
  { type, id }: Pick<TreeSeed, "type" | "id">,
  node: number,
  children: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  return type.hash(join(id, u32(node), u16(tag.intr), ...children))
}

/**
 * Algorithm 3 for one index, which must never be used again. C is drawn from the seed as appendix A
 * draws chains: the number of a chain that there is not.
 */
export function signOts(
  tree: TreeSeed,
  q: number,
  message: Uint8Array,
): Pick<LmsSignature, "q" | "ots" | "c" | "chains"> {
  const { by, ots, id } = tree
  const c = chainStart(tree, q, 0xfffd)
  const steps = messageSteps(ots, { id, q, c }, message)
  const chains = steps.map((to, chain) =>
    runChain({ by, ots, id, q }, chain, { value: chainStart(tree, q, chain), from: 0, to }),
  )
  return { q, ots, c, chains }
}
