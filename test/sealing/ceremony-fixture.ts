/** A ceremony in memory: a cluster's key, its custodians with their keys, and one node. */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"

import { encodeId } from "../../src/codec/id-text.ts"
import { instant, type ClusterId } from "../../src/domain/ids.ts"
import type { RandomSource } from "../../src/domain/ports.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { sealForImporter } from "../../src/sealing/importer.ts"
import { createNodeIdentity } from "../../src/sealing/node-identity.ts"
import type { SchemeId } from "../../src/sealing/parts.ts"
import { SharesRoot } from "../../src/sealing/root-of-trust.ts"
import { issueShares, openShare, parseShare } from "../../src/sealing/shares.ts"
import { expandXWing } from "../../src/sealing/xwing.ts"

export const start = instant(Date.UTC(2026, 10, 23))

/** Reproducible bytes: SHAKE-256 of a seed and a counter. */
export function seededRandom(seed: string): RandomSource {
  let count = 0
  return {
    bytes: (outputLength) => {
      const hash = createHash("shake256", { outputLength }).update(`${seed}/${(count += 1)}`)
      return Uint8Array.from(hash.digest())
    },
  }
}

export type Ceremony = Awaited<ReturnType<typeof holdCeremony>>

/** Issues shares of a new key to `total` custodians, and offers what a test does with them. */
export async function holdCeremony(
  seed: string,
  shape: { scheme: SchemeId; threshold: number; total: number },
) {
  const random = seededRandom(seed)
  // encodeId writes exactly the form of an id.
  const clusterId = encodeId(random.bytes(16)) as ClusterId
  const { identity } = createNodeIdentity()
  const master = random.bytes(32)
  const keys = Array.from({ length: shape.total }, () => expandXWing(random.bytes(32)))
  const { set, shares } = await issueShares(random, {
    clusterId,
    key: new SecretBytes(Uint8Array.from(master)),
    scheme: shape.scheme,
    threshold: shape.threshold,
    custodians: keys.map(({ publicKey }, at) => ({ name: `custodian-${at + 1}`, publicKey })),
    nodes: [identity.publicKey],
  })
  const root = new SharesRoot({ identity, random }, { set, progressMs: 60_000, now: start })
  /** Opens the share of the custodian with this index, from 1. */
  const open = (index: number) => {
    const [key, issued] = [keys[index - 1], shares[index - 1]]
    assert(key !== undefined && issued !== undefined)
    return openShare(parseShare(issued.file), key)
  }
  /** What that custodian's machine sends to the node. */
  const sealed = (index: number) => sealForImporter(root.offer(start), open(index), start)
  return { clusterId, identity, keys, master, open, random, root, sealed, set, shares }
}

/** The bytes inside, for comparing. */
export function reveal(secret: SecretBytes | undefined): Uint8Array | undefined {
  return secret?.lend((bytes) => Uint8Array.from(bytes))
}
