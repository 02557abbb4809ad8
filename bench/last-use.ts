/**
 * What it costs that a key's last use is noted (docs/adr/0095-last-usage.md): the engine's own
 * encryption with and without the note, turn by turn in one process. The note cannot be switched
 * off in a node, and is too small to be seen in one.
 */

import type { AuditEvent } from "../src/domain/audit-event.ts"
import { encodeId } from "../src/codec/id-text.ts"
import { instant, type KeyId, type PartitionId } from "../src/domain/ids.ts"
import { RecentUses } from "../src/service/recent-uses.ts"
import type { Operation } from "./bare-operations.ts"

/** Keys in use at once: a map of a busy node, not one entry that stays in a cache. */
const keys = 10_000

/** Notes the use of one key after the other, as `act` does when a record is durable. */
export function noting(operation: Operation): Operation {
  const recent = new RecentUses()
  const partition = "1".repeat(26) as PartitionId
  const used = Array.from({ length: keys }, (_, nth) => {
    const bytes = new Uint8Array(16)
    new DataView(bytes.buffer).setUint32(12, nth)
    const id = encodeId(bytes) as KeyId // 16 bytes are an id.
    const event: AuditEvent = {
      act: "key.encrypt",
      partition,
      outcome: "allowed",
      subject: "bench",
      requestId: `request ${nth}`,
    }
    return { key: { id, partition }, event }
  })
  const at = instant(0)
  let next = 0
  const note = (): void => {
    const use = used[next++ % keys]
    if (use !== undefined) recent.note(use.key, use.event, at)
  }
  return () => {
    const made = operation()
    if (made instanceof Promise) return made.then(note)
    note()
    return made
  }
}
