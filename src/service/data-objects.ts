/**
 * Data objects: kept, read, deleted. They lie sealed under the partition's master key, as every
 * record does; what is deleted is gone from the records, and not shredded like a key.
 */

import { encodeId } from "../codec/id-text.ts"
import type { DataObjectAttributes, DataObjectRecord } from "../domain/data-object.ts"
import { HsmError } from "../domain/errors.ts"
import { isName } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { perform, recordDone } from "./act.ts"
import { malformed } from "./check-access.ts"
import type { Context } from "./commands.ts"
import { countOf, isIndexFull } from "./page.ts"
import type { Ports } from "./ports.ts"

export interface NewDataObject {
  readonly name: string
  /** At most limits.dataObjectBytesMax. */
  readonly value: Uint8Array
  readonly attributes: DataObjectAttributes
}

/**
 * Keeps an object.
 *
 * @throws HsmError MALFORMED_REQUEST for what is no name; PAYLOAD_TOO_LARGE; NAME_TAKEN;
 * QUOTA_EXCEEDED beyond limits.dataObjectsMax; OPERATION_FORBIDDEN.
 */
export async function createDataObject(
  ports: Ports,
  context: Context,
  { name, value, attributes }: NewDataObject,
): Promise<DataObjectRecord> {
  if (!isName(name)) throw malformed("/name", "no name")
  if (value.length > limits.dataObjectBytesMax) {
    throw new HsmError("PAYLOAD_TOO_LARGE", `at most ${limits.dataObjectBytesMax} bytes`)
  }
  return await perform(ports, context, { operation: "data-object.create" }, async (act) => {
    const partition = act.partition.id
    // Each has one name. To read the objects themselves would be 64 MiB.
    const names = { partition, index: "data-object-name" } as const
    if (await isIndexFull(ports, names, limits.dataObjectsMax)) {
      throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.dataObjectsMax} data objects`)
    }
    const id = encodeId(ports.random.bytes(16))
    const about = { createdAt: act.now, createdBy: context.caller.subject, revision: 1 }
    const record: DataObjectRecord = { id, partition, name, value, attributes, ...about }
    const committed = await ports.records.commit(partition, {
      changes: [{ kind: "data-object", record }],
      claims: [ports.records.claim(partition, "data-object-name", name, id)],
    })
    await recordDone(ports, act, { target: id, committed })
    return record
  })
}

/**
 * Reads an object by its name.
 *
 * @throws HsmError NOT_FOUND, also for another partition's; OPERATION_FORBIDDEN.
 */
export async function readDataObject(
  ports: Ports,
  context: Context,
  name: string,
): Promise<DataObjectRecord> {
  const found = await find(ports, context, name)
  const isPrivate = found?.attributes.private === true
  const operation = isPrivate ? "data-object.read-private" : "data-object.read"
  return await perform(ports, context, { operation, ...aimAt(found) }, () => present(found))
}

/**
 * Deletes an object.
 *
 * @throws HsmError NOT_FOUND; OPERATION_FORBIDDEN, also for one that is not destroyable.
 */
export async function deleteDataObject(
  ports: Ports,
  context: Context,
  name: string,
): Promise<void> {
  const found = await find(ports, context, name)
  const ask = { operation: "data-object.delete", ...aimAt(found) } as const
  await perform(ports, context, ask, async (act) => {
    const record = present(found)
    if (!record.attributes.destroyable) {
      throw new HsmError("OPERATION_FORBIDDEN", "the data object is not destroyable")
    }
    const { partition, id, revision } = record
    const gone = { ...record, value: new Uint8Array(0), revision: revision + 1 }
    const committed = await ports.records.commit(partition, {
      changes: [{ kind: "data-object", record: gone, removes: true }],
      rows: [{ del: ports.records.indexPath(partition, "data-object-name", name) }],
    })
    ports.records.forgetLookup(partition, "data-object-name", name)
    await recordDone(ports, act, { target: id, committed })
  })
}

/** How many objects the caller's partition keeps. */
export async function countDataObjects(ports: Ports, context: Context): Promise<number> {
  return await perform(ports, context, { operation: "key.list" }, ({ partition }) =>
    countOf(ports, "data-object", partition.id),
  )
}

/** By its name; undefined where there is none, or the name is another one's now. */
async function find(
  { records }: Ports,
  { caller: { partition } }: Context,
  name: string,
): Promise<DataObjectRecord | undefined> {
  await records.sync()
  const id = await records.lookup(partition, "data-object-name", name)
  const found = id === undefined ? undefined : await records.read("data-object", partition, id)
  return found?.name === name ? found : undefined
}

/** For the log: an id, never the name, which is a caller's free text. */
function aimAt(found: DataObjectRecord | undefined): { readonly target?: string } {
  return found === undefined ? {} : { target: found.id }
}

function present(found: DataObjectRecord | undefined): DataObjectRecord {
  if (found === undefined) throw new HsmError("NOT_FOUND", "no such data object")
  return found
}
