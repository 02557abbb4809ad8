/**
 * Shares: a part of the cluster master key, sealed to one custodian, with everything around it that
 * he must be able to rely on: cluster, scheme, index, the key's verification pattern, and the
 * identities of the nodes that may ever receive it. Format: docs/formats/share.md.
 */

import assert from "node:assert/strict"

import { canonical } from "../codec/canonical.ts"
import { HsmError } from "../domain/errors.ts"
import type { ClusterId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { hpkeOverhead, openWith, sealTo } from "./hpke.ts"
import { nodeKeySizes } from "./node-identity.ts"
import {
  masterKeyBytes,
  schemes,
  shapeProblem,
  splitKey,
  type PartsShape,
  type SchemeId,
} from "./parts.ts"
import { shapeFields, type ShareSet } from "./share-set.ts"
import { field, textFile } from "./text-file.ts"
import { commitTo, showPattern } from "./verification-pattern.ts"
import type { XWingPrivateKey } from "./xwing.ts"

/** Nodes that one share may pin. */
const pinnedNodesMax = 64
/** A Shamir part is the longest: the key's length and its x coordinate. */
const partBytesMax = masterKeyBytes + 1

/** A custodian's name: part of a file name. */
export const custodianNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/

const shareFile = textFile("keyhold/share/v1", {
  ...shapeFields,
  custodian: field.text(custodianNamePattern),
  index: field.integer(1, limits.sharesMax),
  nodes: field.list(field.bytes(nodeKeySizes.publicKey), 1, pinnedNodesMax),
  sealed: field.bytes(hpkeOverhead + masterKeyBytes, hpkeOverhead + partBytesMax),
})

/** A share file as it lies on the custodian's disk. */
export type Share = ReturnType<typeof shareFile.parse>

/** An opened share: the part belongs to the caller, who disposes it. */
export interface OpenShare {
  readonly share: Share
  readonly part: SecretBytes
}

export interface Custodian {
  readonly name: string
  /** X-Wing, 1216 bytes. */
  readonly publicKey: Uint8Array
}

export interface IssuedShare {
  readonly custodian: string
  readonly index: number
  /** Text of the `.khs` file. */
  readonly file: string
  /** The part's own pattern, which its custodian sees too. */
  readonly pattern: string
}

/**
 * Splits the cluster master key among custodians, in memory, and seals each part to its custodian.
 *
 * @param request - `nodes`: public keys (32 bytes each) of the nodes that the shares pin.
 * @throws HsmError MALFORMED_REQUEST for a shape that cannot be, or a repeated custodian: one
 * person with two parts would lower the threshold unseen.
 */
export async function issueShares(
  random: RandomSource,
  request: {
    readonly clusterId: ClusterId
    readonly key: SecretBytes
    readonly scheme: SchemeId
    readonly threshold: number
    readonly custodians: readonly Custodian[]
    readonly nodes: readonly Uint8Array[]
  },
): Promise<{ readonly set: ShareSet; readonly shares: readonly IssuedShare[] }> {
  const { clusterId, key, scheme, threshold, custodians, nodes } = request
  const shape = { scheme, threshold, total: custodians.length }
  refuseShape(shape, custodians)
  const parts = await splitKey(key, shape, random)
  try {
    const keyCommitment = key.lend((bytes) => commitTo("cluster-master-key", clusterId, bytes))
    const partCommitments = parts.map((part) =>
      part.lend((bytes) => commitTo("part", clusterId, bytes)),
    )
    const shares = custodians.map(({ name: custodian, publicKey }, at): IssuedShare => {
      const [part, commitment] = [parts[at], partCommitments[at]]
      assert(part !== undefined && commitment !== undefined)
      const head = { ...shape, clusterId, keyCommitment, custodian, index: at + 1, nodes }
      const sealed = part.lend((bytes) => sealTo(publicKey, { info: shareNaming(head) }, bytes))
      const file = shareFile.render({ ...head, sealed })
      return { custodian, index: head.index, file, pattern: showPattern(commitment) }
    })
    return { set: { ...shape, clusterId, keyCommitment, partCommitments }, shares }
  } finally {
    for (const part of parts) part[Symbol.dispose]()
  }
}

/**
 * Reads a share file without opening it.
 *
 * @throws HsmError MALFORMED_REQUEST when it is none.
 */
export function parseShare(text: string): Share {
  const share = shareFile.parse(text)
  const problem = shapeProblem(share)
  if (problem === undefined && share.index <= share.total) return share
  throw new HsmError("MALFORMED_REQUEST", `not a share: ${problem ?? "index beyond the total"}`)
}

/**
 * Opens a share with its custodian's key.
 *
 * @throws HsmError DECRYPTION_FAILED when anything in the file was changed, or it is another
 * custodian's.
 */
export function openShare(share: Share, key: XWingPrivateKey): OpenShare {
  const part = openPart(share, key)
  if (part?.length === schemes[share.scheme].partBytes) return { share, part }
  part?.[Symbol.dispose]()
  const reason = "the share does not open: it is another custodian's, or was changed"
  throw new HsmError("DECRYPTION_FAILED", reason)
}

function openPart(share: Share, key: XWingPrivateKey): SecretBytes | undefined {
  try {
    return new SecretBytes(openWith(key, { info: shareNaming(share) }, share.sealed))
  } catch {
    return undefined
  }
}

/** The pattern of an opened part, to compare with the one on the ceremony's transcript. */
export function partPattern({ share, part }: OpenShare): string {
  return showPattern(part.lend((bytes) => commitTo("part", share.clusterId, bytes)))
}

/** Every field of the head is bound: a share with another node pinned does not open. */
function shareNaming(head: Omit<Share, "sealed">): Uint8Array {
  const { clusterId, custodian, scheme, index, threshold, total, keyCommitment, nodes } = head
  const fields = [custodian, scheme, index, threshold, total, keyCommitment, ...nodes]
  return canonical("share", clusterId, ...fields)
}

function refuseShape(shape: PartsShape, custodians: readonly Custodian[]): void {
  const problem = shapeProblem(shape)
  if (problem !== undefined) throw new HsmError("MALFORMED_REQUEST", problem)
  if (!areDistinct(custodians.map(({ name }) => name))) {
    throw new HsmError("MALFORMED_REQUEST", "two custodians have the same name")
  }
  if (!areDistinct(custodians.map(({ publicKey }) => publicKey.toHex()))) {
    throw new HsmError("MALFORMED_REQUEST", "two custodians have the same key")
  }
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}
