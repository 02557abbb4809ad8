/** What each sealed thing is bound to: moved elsewhere, or put back, it stays shut. */

import type { KeyAlgorithmId } from "../domain/algorithms.ts"
import type { KeyId, PartitionId } from "../domain/ids.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"

/** Names one version of one key's material; bound as AAD, so a blob moved elsewhere stays shut. */
export interface MaterialIdentity {
  readonly partition: PartitionId
  readonly keyId: KeyId
  readonly version: number
  readonly algorithm: KeyAlgorithmId
}

/** One version's material, and its key's erasable secret. */
export interface MaterialToSeal {
  readonly id: MaterialIdentity
  readonly secret: SecretBytes
  readonly material: SecretBytes
}

/** A record's bytes on their way into a row. */
export interface RecordToSeal {
  readonly identity: RecordIdentity
  readonly plaintext: Uint8Array
}

/** Where a record lies and which of its revisions it is. */
export interface RecordIdentity {
  readonly kind: string
  readonly id: string
  readonly bucket: number
  readonly revision: number
}

export interface TableIdentity {
  readonly partition: PartitionId
  readonly bucket: number
  /** Counts the table's changes. */
  readonly sequence: number
}

/** As they are bound. */
export function recordFields({ kind, id, bucket, revision }: RecordIdentity): (string | number)[] {
  return [kind, id, bucket, revision]
}

/** As they are bound. */
export function materialFields(id: MaterialIdentity): (string | number)[] {
  return [id.partition, id.keyId, id.version, id.algorithm]
}
