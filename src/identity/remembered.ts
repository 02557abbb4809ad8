/**
 * Callers whose bearer token was proven before. Recalling one costs a hash of the token and a look
 * at the records: he is who he was as long as his principal's record is the very same one, so what
 * revokes a token, disables its principal or narrows him also makes him forgotten.
 */

import { hash } from "node:crypto"

import type { Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Caller, Credential, PrincipalRecord } from "../domain/principal.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import type { Evidence } from "./authenticator.ts"
import type { IdentityRecords } from "./ports.ts"

/** A token that was proven, and whose it is. */
export interface Proven {
  readonly caller: Caller
  readonly principal: PrincipalRecord
  readonly credential: Credential
}

export class RememberedCallers {
  readonly #records: Pick<IdentityRecords, "isCurrent">
  /** By hash: the cache holds no tokens, and how long a look takes says nothing of one. */
  readonly #proven = new BoundedMap<string, Proven & { readonly address: string }>(
    limits.rememberedCallersMax,
  )

  constructor(records: Pick<IdentityRecords, "isCurrent">) {
    this.#records = records
  }

  /** Undefined for whoever has to be judged: also when the request says more than a token. */
  recall(evidence: Evidence, now: Instant): Caller | undefined {
    return this.find(evidence, now)?.caller
  }

  /** As {@link recall}, with what proves him. */
  find(evidence: Evidence, now: Instant): Proven | undefined {
    const { bearer, partitionHint, certificate, address } = evidence
    if (bearer === undefined || certificate !== undefined) return undefined
    const proven = this.#proven.get(nameOf(bearer))
    if (proven === undefined || proven.address !== address) return undefined
    const { caller, principal, credential } = proven
    if (partitionHint !== undefined && partitionHint !== caller.partition) return undefined
    if (credential.expiresAt <= now || !this.#records.isCurrent(principal)) return undefined
    return proven
  }

  remember({ bearer = "", address }: Evidence, proven: Proven): void {
    const name = nameOf(bearer)
    this.#proven.delete(name)
    this.#proven.set(name, { ...proven, address })
  }
}

function nameOf(bearer: string): string {
  return hash("sha256", bearer, "latin1")
}
