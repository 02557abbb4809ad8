/** What identity needs from elsewhere: records, the keyed hash of tokens, and issuers' key sets. */

import type { CredentialId, PartitionId } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import type { PrincipalRecord } from "../domain/principal.ts"

/**
 * Principals and issuers as they are now, from behind the barrier: what was acknowledged before the
 * call is seen, so a revocation works on the very next request. All look-ups name the partition;
 * one that does not exist holds nothing. Records are immutable: a change makes a new object.
 *
 * All of them throw HsmError SEALED, STORE_UNAVAILABLE or TAMPERED, which reach the caller as they
 * are: not knowing is not a refusal.
 */
export interface IdentityRecords {
  /** The principal that holds the credential, whatever their state. */
  principalByCredential(
    partition: PartitionId,
    credential: CredentialId,
  ): Promise<PrincipalRecord | undefined>
  /** The principal that holds the access key, whatever their state. */
  principalByAccessKey(
    partition: PartitionId,
    accessKeyId: string,
  ): Promise<PrincipalRecord | undefined>
  /** The principal with a certificate credential of this fingerprint: SHA-256 of its DER. */
  principalByFingerprint(
    partition: PartitionId,
    fingerprint: Uint8Array,
  ): Promise<PrincipalRecord | undefined>
  /**
   * True when `principal` is what the records say at this moment, without waiting; false when it is
   * not, or when that cannot be told at once.
   */
  isCurrent(principal: PrincipalRecord): boolean
  /** The partition's issuers whose `issuer` is exactly `iss`; they differ in audience. */
  issuersByIss(partition: PartitionId, iss: string): Promise<readonly IssuerRecord[]>
}

/** The keyed hash under which token secrets are stored; made in sealing. */
export interface TokenHasher {
  /**
   * HMAC-SHA-256 of `secret` under a key of the partition, which exists: 32 bytes. Synchronous, as
   * it is done for every request.
   */
  hash(partition: PartitionId, secret: Uint8Array): Uint8Array
}

/** Posts a message to a webhook; answers with the receiver's status, if there was an answer. */
export type PostWebhook = (message: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}) => Promise<number | undefined>

/** Fetches issuers' key sets; bounded in time and size by its maker. */
export interface JwksFetcher {
  /** The parsed document at an `https:` address; undefined when there is none, for any reason. */
  fetch(uri: string): Promise<unknown>
}
