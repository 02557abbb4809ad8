/** Opens a record's row: authenticated, in its place, at the revision that its bucket pins. */

import { HsmError } from "../domain/errors.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import type { Entry } from "../store/store.ts"
import { decodeRecord, type RecordKind, type RecordTypes } from "./kinds.ts"
import { openOrTampered, type PartitionState } from "./partition-state.ts"
import { decodeRecordRow } from "./rows.ts"

/**
 * @param table - the row of the record's bucket table, of the same revision of the store.
 * @throws HsmError TAMPERED.
 */
export function openRecord<K extends RecordKind>(
  keyholder: Keyholder,
  state: PartitionState,
  at: { readonly kind: K; readonly id: string },
  { entry, table }: { readonly entry: Entry; readonly table: Entry | undefined },
): RecordTypes[K] {
  const { partition } = state
  const { bucket, revision, blob } = decodeRecordRow(entry.value)
  const pin = state.openTable(keyholder, bucket, table?.value).pins.get(`${at.kind}/${at.id}`)
  if (pin?.revision !== revision) {
    throw new HsmError("TAMPERED", "a record is not at the revision that its bucket pins")
  }
  const identity = { kind: at.kind, id: at.id, bucket, revision }
  const bytes = openOrTampered(() => keyholder.openRecord(partition, identity, blob))
  return decodeRecord(at.kind, bytes)
}
