/**
 * The last uses of keys since they were taken from here: in the memory of the process that made
 * them. A use costs one entry of a map, and no write: the audit log has it already.
 */

import type { AuditEvent } from "../domain/audit-event.ts"
import type { Instant, KeyId, PartitionId } from "../domain/ids.ts"
import { isUse, type LastUse } from "../domain/last-use.ts"
import { limits } from "../domain/limits.ts"

/** A use, and whose. */
export interface KeyUse extends LastUse {
  readonly partition: PartitionId
  readonly keyId: KeyId
}

/** `missed`: there were more keys than fit, or a process has ended: the log has them. */
export interface TakenUses {
  readonly uses: readonly KeyUse[]
  readonly missed: boolean
}

export class RecentUses {
  /** At most limits.recentUsesMax; emptied by `take`. */
  #uses = new Map<KeyId, KeyUse>()
  #missed = false

  /** Notes what has succeeded; anything but a use of a key is passed over. */
  note(
    key: { readonly id: KeyId; readonly partition: PartitionId } | undefined,
    { act, subject, requestId }: AuditEvent,
    at: Instant,
  ): void {
    if (key === undefined || !isUse(act)) return
    const { id: keyId, partition } = key
    if (this.#uses.size >= limits.recentUsesMax && !this.#uses.has(keyId)) {
      this.#missed = true
      return
    }
    const of = requestId === undefined ? {} : { requestId }
    this.#uses.set(keyId, { partition, keyId, at, act, subject, ...of })
  }

  take(): TakenUses {
    const taken = { uses: [...this.#uses.values()], missed: this.#missed }
    this.#uses = new Map()
    this.#missed = false
    return taken
  }
}
