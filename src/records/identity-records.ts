/** What identity/ asks of the records, each answer from behind the barrier. */

import type { CredentialId, PartitionId } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import type { PrincipalRecord } from "../domain/principal.ts"
import type { Records } from "./records.ts"

/** Issuers of one partition; few, so they are listed and filtered. */
export const issuersMax = 100

export class IdentityRecords {
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
  }

  async principalByCredential(
    partition: PartitionId,
    credential: CredentialId,
  ): Promise<PrincipalRecord | undefined> {
    return await this.#byIndex(partition, credential)
  }

  async principalByAccessKey(
    partition: PartitionId,
    accessKeyId: string,
  ): Promise<PrincipalRecord | undefined> {
    return await this.#byIndex(partition, accessKeyId)
  }

  async principalByFingerprint(
    partition: PartitionId,
    fingerprint: Uint8Array,
  ): Promise<PrincipalRecord | undefined> {
    return await this.#byIndex(partition, fingerprintName(fingerprint))
  }

  isCurrent(principal: PrincipalRecord): boolean {
    const { partition, id } = principal
    return this.#records.isFresh && this.#records.peek("principal", partition, id) === principal
  }

  async issuersByIss(partition: PartitionId, iss: string): Promise<readonly IssuerRecord[]> {
    await this.#records.sync()
    const { items } = await this.#records.list("issuer", partition, { limit: issuersMax })
    return items.filter(({ issuer }) => issuer === iss)
  }

  async #byIndex(partition: PartitionId, name: string): Promise<PrincipalRecord | undefined> {
    await this.#records.sync()
    const id = await this.#records.lookup(partition, "credential", name)
    return id === undefined ? undefined : await this.#records.read("principal", partition, id)
  }
}

/** How a certificate's fingerprint stands in the index of credentials. */
export function fingerprintName(fingerprint: Uint8Array): string {
  return `sha256:${fingerprint.toHex()}`
}
