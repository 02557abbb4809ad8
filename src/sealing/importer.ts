/**
 * The importer key: how a share reaches a sealed node. A fresh X-Wing key per boot, which the
 * node's identity signs; the custodian's machine checks that signature against the node that the
 * share pins, and only then seals the part to the key. TLS is not relied on. Format:
 * docs/formats/importer.md.
 */

import { canonical } from "../codec/canonical.ts"
import { decryptionFailed, HsmError } from "../domain/errors.ts"
import type { ClusterId, Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { openWith, sealTo } from "./hpke.ts"
import { isSignedByNode, type NodeIdentity } from "./node-identity.ts"
import type { OpenShare, Share } from "./shares.ts"
import { expandXWing, xwingSizes, type XWingPrivateKey } from "./xwing.ts"

const nonceBytes = 16
const expiryBytes = 8
/** X-Wing public key, boot nonce, expiry in milliseconds (big-endian). */
export const importerKeyBytes = xwingSizes.publicKey + nonceBytes + expiryBytes

/** What a sealed node says to everyone: `GET /api/v1/seal-status`. */
export interface ImporterOffer {
  readonly clusterId: string
  readonly nodeId: string
  /** Ed25519, 32 bytes. */
  readonly nodeKey: Uint8Array
  /** {@link importerKeyBytes} bytes. */
  readonly importerKey: Uint8Array
  /** Ed25519 over the canonical naming of cluster, node and `importerKey`: 64 bytes. */
  readonly importerSignature: Uint8Array
}

/** A part as it arrives in the node: `part` belongs to the caller, who disposes it. */
export interface ImportedPart {
  /** Counted from 1. */
  readonly index: number
  readonly part: SecretBytes
}

/** The node's side: one importer key, until it expires or an unseal succeeds. */
export class Importer {
  readonly offer: ImporterOffer
  readonly #key: XWingPrivateKey
  readonly #expiresAt: Instant

  constructor(
    ports: { readonly identity: NodeIdentity; readonly random: RandomSource },
    { clusterId, now }: { readonly clusterId: ClusterId; readonly now: Instant },
  ) {
    const { identity, random } = ports
    using seed = new SecretBytes(random.bytes(xwingSizes.seed))
    this.#key = seed.lend(expandXWing)
    // Every boot gives a new key, so the nonce only makes that visible to whoever compares offers.
    this.#expiresAt = (now + limits.importerKeyMs) as Instant
    const expiry = Buffer.alloc(expiryBytes)
    expiry.writeBigInt64BE(BigInt(this.#expiresAt))
    const importerKey = Buffer.concat([this.#key.publicKey, random.bytes(nonceBytes), expiry])
    const { nodeId, publicKey: nodeKey } = identity
    const naming = offerNaming({ clusterId, nodeId, importerKey })
    const importerSignature = identity.sign(naming)
    this.offer = { clusterId, nodeId, nodeKey, importerKey, importerSignature }
  }

  /** False once half of its life is over: a custodian who asks now would be late. */
  isFresh(now: Instant): boolean {
    return this.#expiresAt - now > limits.importerKeyMs / 2
  }

  /**
   * Opens what {@link sealForImporter} sealed to this very key.
   *
   * @throws HsmError DECRYPTION_FAILED for anything else.
   */
  open(sealed: Uint8Array, now: Instant): ImportedPart {
    if (now >= this.#expiresAt) throw decryptionFailed()
    const plaintext = openWith(this.#key, { info: partNaming(this.offer) }, sealed)
    const part = new SecretBytes(Uint8Array.from(plaintext.subarray(1)))
    const index = plaintext[0] ?? 0
    plaintext.fill(0)
    return { index, part }
  }
}

/**
 * The custodian's side: refuses every offer that is not, right now, from a node that the share
 * pins.
 *
 * @throws HsmError UNSEAL_REFUSED that says what is wrong: only the custodian's own machine tells.
 */
export function checkOffer(offer: ImporterOffer, share: Share, now: Instant): void {
  const { clusterId, nodeKey, importerKey, importerSignature } = offer
  if (clusterId !== share.clusterId) {
    throw refused(`the node belongs to cluster ${clusterId}, the share to ${share.clusterId}`)
  }
  const pinned = share.nodes.find((key) => Buffer.compare(key, nodeKey) === 0)
  if (pinned === undefined) throw refused("the share does not know this node")
  const isWhole = importerKey.length === importerKeyBytes
  if (!isWhole || !isSignedByNode(pinned, offerNaming(offer), importerSignature)) {
    throw refused("the node's importer key is not signed by the node that the share pins")
  }
  const expiry = Buffer.from(importerKey).readBigInt64BE(importerKeyBytes - expiryBytes)
  if (expiry <= BigInt(now)) {
    throw refused("the importer key has expired: compare the clocks, or ask again")
  }
}

/**
 * Seals an opened share to a node's importer key: what `POST /api/v1/unseal` takes.
 *
 * @throws HsmError UNSEAL_REFUSED as {@link checkOffer}, before anything is sealed.
 */
export function sealForImporter(
  offer: ImporterOffer,
  { share, part }: OpenShare,
  now: Instant,
): Uint8Array {
  checkOffer(offer, share, now)
  const importer = offer.importerKey.subarray(0, xwingSizes.publicKey)
  return part.lend((bytes) => {
    const plaintext = Uint8Array.of(share.index, ...bytes)
    const sealed = sealTo(importer, { info: partNaming(offer) }, plaintext)
    plaintext.fill(0)
    return sealed
  })
}

function offerNaming({
  clusterId,
  nodeId,
  importerKey,
}: Pick<ImporterOffer, "clusterId" | "nodeId" | "importerKey">): Uint8Array {
  return canonical("importer-key", clusterId, nodeId, importerKey)
}

/** Binds the sealed part to cluster, node and offer; its signature has been checked by then. */
function partNaming({ clusterId, nodeId, importerKey }: ImporterOffer): Uint8Array {
  return canonical("unseal-share", clusterId, nodeId, importerKey)
}

function refused(reason: string): HsmError {
  return new HsmError("UNSEAL_REFUSED", reason)
}
