/** What trees are made of by the million: by the addon, or by node:crypto, hash by hash. */

import { hash as hashOnce } from "node:crypto"
import type { Addon } from "../native/addon.ts"
import { join } from "./bytes.ts"

export type ChainHash = Pick<Addon, "lmsChain" | "xmssChain" | "xmssPair"> &
  // A whole one-time key in one call, where there is one: most of what a tree costs.
  Partial<Pick<Addon, "lmsKey">>

const n = 32
/** RFC 8554 section 4.3. */
const lms = { stepAt: 22, valueAt: 23 }
/** RFC 8391 section 2.5. */
const xmss = { stepAt: 24, maskAt: 28 }
/** RFC 8391 section 5.1; SP 800-208 section 7.2.1 adds the last. */
const kinds = { f: 0, h: 1, message: 2, prf: 3, keygen: 4 } as const

/** SHA-256(toByte(kind, 32) || parts). */
export function keyed(kind: keyof typeof kinds, ...parts: readonly Uint8Array[]): Uint8Array {
  const prefix = new Uint8Array(n)
  prefix[n - 1] = kinds[kind]
  return hashOnce("sha256", Buffer.concat([prefix, ...parts]), "buffer")
}

function drawn(seed: Uint8Array, address: Uint8Array, mask: number): Uint8Array {
  address[xmss.maskAt + 3] = mask
  return keyed("prf", seed, address)
}

function mixed(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.from(one, (byte, at) => byte ^ (other[at] ?? 0))
}

/** Without the addon: some ten times slower. */
export const scripts: ChainHash = {
  lmsChain: (block, from, to) => {
    const own = block.slice()
    for (let step = from; step < to; step++) {
      own[lms.stepAt] = step
      const digest = hashOnce("sha256", own, "buffer")
      own.set(digest.subarray(0, own.length - lms.valueAt), lms.valueAt)
    }
    return own.slice(lms.valueAt)
  },
  xmssChain: (seed, address, given, from, to) => {
    const own = address.slice()
    own.fill(0, xmss.stepAt)
    let value = given
    for (let step = from; step < to; step++) {
      own[xmss.stepAt + 3] = step
      const key = drawn(seed, own, 0)
      value = keyed("f", key, mixed(value, drawn(seed, own, 1)))
    }
    return value
  },
  xmssPair: (seed, address, children) => {
    const own = address.slice()
    own.fill(0, xmss.maskAt)
    const key = drawn(seed, own, 0)
    const masks = join(drawn(seed, own, 1), drawn(seed, own, 2))
    return keyed("h", key, mixed(children, masks))
  },
}
