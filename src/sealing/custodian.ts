/**
 * Everything that runs on a custodian's machine, and the only part of sealing/ that the command
 * line may import: make a key, look at a share, seal it for a node.
 */

export { createCustodianKey, type NewCustodianKey } from "./custodian-key.ts"
export { SecretBytes } from "../engine/secret-bytes.ts"
export type { ImporterOffer } from "./importer.ts"

import type { SecretBytes } from "../engine/secret-bytes.ts"
import { instant } from "../domain/ids.ts"
import { openCustodianKey } from "./custodian-key.ts"
import { checkOffer, sealForImporter, type ImporterOffer } from "./importer.ts"
import { openShare, parseShare, partPattern, type OpenShare } from "./shares.ts"
import { showPattern } from "./verification-pattern.ts"

/** A custodian's two files and his password. */
export interface CustodianFiles {
  /** Text of the share file, `.khs`. */
  readonly share: string
  /** Text of the custodian's key file, `.khc`. */
  readonly key: string
  readonly password: SecretBytes
}

/** What a custodian compares with the transcript of the ceremony. */
export interface ShareDescription {
  readonly clusterId: string
  readonly custodian: string
  /** For people: `part 1 of 3 (shamir, any 2)`. */
  readonly part: string
  readonly keyPattern: string
  readonly partPattern: string
}

/**
 * Opens a share to describe it.
 *
 * @throws HsmError MALFORMED_REQUEST, DECRYPTION_FAILED.
 */
export async function describeShare(files: CustodianFiles): Promise<ShareDescription> {
  const opened = await openFiles(files)
  using _part = opened.part
  const { clusterId, custodian, index, total, scheme, threshold, keyCommitment } = opened.share
  return {
    clusterId,
    custodian,
    part: `part ${index} of ${total} (${scheme}, any ${threshold})`,
    keyPattern: showPattern(keyCommitment),
    partPattern: partPattern(opened),
  }
}

/**
 * Judges a node's offer before anybody is asked for a password.
 *
 * @param share - text of the share file.
 * @throws HsmError UNSEAL_REFUSED when the offer is not from a node that the share pins;
 * MALFORMED_REQUEST when the text is no share.
 */
export function checkNode(share: string, offer: ImporterOffer, nowMs: number): void {
  checkOffer(offer, parseShare(share), instant(nowMs))
}

/**
 * Seals a share for a node, on the custodian's machine. The offer is judged before the share is
 * even opened.
 *
 * @param nowMs - the custodian's own clock, in milliseconds since 1970.
 * @returns the bytes that `POST /api/v1/unseal` takes.
 * @throws HsmError UNSEAL_REFUSED when the offer is not from a node that the share pins;
 * MALFORMED_REQUEST, DECRYPTION_FAILED for the files.
 */
export async function sealShareForNode(
  files: CustodianFiles,
  offer: ImporterOffer,
  nowMs: number,
): Promise<Uint8Array> {
  const now = instant(nowMs)
  checkOffer(offer, parseShare(files.share), now)
  const opened = await openFiles(files)
  using _part = opened.part
  return sealForImporter(offer, opened, now)
}

async function openFiles({ share, key, password }: CustodianFiles): Promise<OpenShare> {
  return openShare(parseShare(share), await openCustodianKey(key, password))
}
