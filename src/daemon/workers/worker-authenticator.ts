/**
 * Who is asking, in a worker: callers that were proven before are recalled here; all others the
 * keyholder judges, which alone counts failures, so that an address has one limit.
 */

import type { Instant } from "../../domain/ids.ts"
import type { Caller } from "../../domain/principal.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import { RememberedCallers } from "../../identity/remembered.ts"
import type { KeyholderChannel } from "./worker-channel.ts"
import type { WorkerRecords } from "./worker-records.ts"

export class WorkerAuthenticator {
  readonly #keyholder: KeyholderChannel
  readonly #records: WorkerRecords
  readonly #remembered: RememberedCallers
  readonly #enter: <T>(work: () => Promise<T>) => Promise<T>

  constructor(parts: {
    readonly keyholder: KeyholderChannel
    readonly records: WorkerRecords
    /** Counts what has read something and has not begun yet; see InFlight. */
    readonly enter: <T>(work: () => Promise<T>) => Promise<T>
  }) {
    const { keyholder, records, enter } = parts
    this.#keyholder = keyholder
    this.#records = records
    this.#enter = enter
    this.#remembered = new RememberedCallers({
      isCurrent: (principal) =>
        records.peek("principal", principal.partition, principal.id) === principal,
    })
  }

  async authenticate(evidence: Evidence, now: Instant): Promise<Caller> {
    return this.#remembered.recall(evidence, now) ?? (await this.#enter(() => this.#ask(evidence)))
  }

  async #ask(evidence: Evidence): Promise<Caller> {
    const asked = this.#records.changes
    const { caller, proven } = await this.#keyholder.call("authenticate", evidence)
    if (proven !== undefined && asked === this.#records.changes) {
      const { partition } = proven.principal
      const principal = this.#records.adopt("principal", partition, proven.principal)
      this.#remembered.remember(evidence, { ...proven, principal })
    }
    return caller
  }
}
