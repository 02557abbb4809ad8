/**
 * Multi-Region keys, as AWS's dialect has them: another member made from the primary, and another
 * primary. Members are keys of their own with secrets of their own; erasing one erases no other.
 */

import { encodeId } from "../../codec/id-text.ts"
import { uuidOf } from "../../codec/uuid.ts"
import { HsmError } from "../../domain/errors.ts"
import { withoutMaterial } from "../../domain/external-material.ts"
import type { KeyId } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import { memberIn, type FamilyRecord } from "../../domain/kms-key.ts"
import { limits } from "../../domain/limits.ts"
import { SecretBytes } from "../../engine/secret-bytes.ts"
import type { Change } from "../../records/committer.ts"
import type { Write } from "../../store/store.ts"
import { keyOf, perform, recordDone, type Act } from "../act.ts"
import type { Context, KeyRef, ReplicateKeyCommand } from "../commands.ts"
import { dueRows, materialRows, newKmsFields } from "../create-key.ts"
import { familyOf } from "../find-key.ts"
import { checkTags } from "../key-template.ts"
import type { Ports } from "../ports.ts"
import { changedFamily } from "./family.ts"
import { undescribed } from "./pending-material.ts"

/**
 * Makes the primary's replica in a region, in one commit. It has the primary's versions, each
 * sealed anew under its own secret; material that its owner brings along he brings again.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a key that is no primary, or asks for approvals;
 * NAME_TAKEN where the region has a member; QUOTA_EXCEEDED; MALFORMED_REQUEST; CONFLICT.
 */
export async function replicateKey(
  ports: Ports,
  context: Context,
  command: ReplicateKeyCommand,
): Promise<KeyRecord> {
  const { tags = {}, region } = command
  checkTags(tags)
  const ask = { operation: "key.replicate", key: command.key } as const
  return await perform(ports, context, ask, async (act) => {
    const primary = keyOf(act)
    const family = await familyFor(ports, primary, region)
    const creating = { operation: "key.create", creates: primary.algorithm } as const
    return await perform(ports, context, creating, async (made) => {
      const isExternal = primary.external !== undefined
      const about = { ...primary, tags, isExternal, kin: "REPLICA" } as const
      const fields = await newKmsFields(ports, context, command, about)
      const record = replicaOf(ports, made, primary, {
        ...command,
        subject: context.caller.subject,
      })
      const { id, partition } = record
      const secret = ports.records.keyholder.freshSecret()
      const rows = [...(await copiedRows(ports, primary, { record, secret })), ...dueRows(record)]
      const committed = await ports.records.commit(partition, {
        changes: [
          { kind: "key", record, secret },
          { kind: "kms-key", record: { id, partition, ...fields, revision: 1 } },
          // With the primary's record: no version comes or goes between the copy and the commit.
          touched(primary),
          changedFamily(family, { members: [...family.members, { id, region }] }),
        ],
        claims: [ports.records.claim(partition, "key-name", record.name, id)],
        rows,
        keys: 1,
        keysMax: made.partition.quota.keysMax,
      })
      await recordDone(ports, made, { keyId: id, committed })
      await recordDone(ports, act, { keyId: primary.id, committed })
      return record
    })
  })
}

/**
 * Makes the replica in a region the primary, and the primary a replica. Both have to allow it.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a key that is no primary; NOT_FOUND where the region has
 * no replica; KEY_STATE; CONFLICT.
 */
export async function setPrimaryRegion(
  ports: Ports,
  context: Context,
  command: {
    readonly key: KeyRef
    readonly region: string
    /** How failures of the replica are told; as they are when absent. */
    readonly tell?: (error: unknown) => unknown
  },
): Promise<void> {
  const { key, region, tell = (error) => error } = command
  await perform(ports, context, { operation: "key.set-primary", key }, async (act) => {
    const primary = keyOf(act)
    const { partition } = primary
    const family = await primaryFamily(ports, primary)
    const id = memberIn(family, region)
    if (id === undefined) throw new HsmError("NOT_FOUND", "there is no replica in that region")
    if (id === primary.id) return
    const replica = { operation: "key.set-primary", key: { partition, region, id } } as const
    await perform(ports, context, replica, async (inner) => {
      const committed = await ports.records.commit(partition, {
        // With both records: neither is being deleted or disabled at this moment.
        changes: [changedFamily(family, { primary: id }), touched(primary), touched(keyOf(inner))],
      })
      await recordDone(ports, inner, { keyId: id, committed })
      await recordDone(ports, act, { keyId: primary.id, committed })
    }).catch((error: unknown) => {
      throw tell(error)
    })
  })
}

/** The key as it is, a revision later: whoever changes it at this moment has to look again. */
function touched(key: KeyRecord): Change {
  return { kind: "key", record: { ...key, revision: key.revision + 1 } }
}

async function primaryFamily(ports: Ports, key: KeyRecord): Promise<FamilyRecord> {
  const family = await familyOf(ports, key)
  if (family !== undefined && family.primary === key.id) return family
  throw new HsmError("OPERATION_FORBIDDEN", "it is not the primary of a multi-Region key")
}

/** The family that another member may join. */
async function familyFor(ports: Ports, primary: KeyRecord, region: string): Promise<FamilyRecord> {
  const family = await primaryFamily(ports, primary)
  if (memberIn(family, region) !== undefined) {
    throw new HsmError("NAME_TAKEN", "the region has a member of the family")
  }
  // Its rules are its own: another member without them would be a way around the approvers.
  if (primary.smart !== undefined) {
    throw new HsmError("OPERATION_FORBIDDEN", "a key with rules of its own is not replicated")
  }
  const most = limits.familyMembersMax
  if (family.members.length < most) return family
  throw new HsmError("QUOTA_EXCEEDED", `a multi-Region key has at most ${most} members`)
}

function replicaOf(
  { random }: Ports,
  { now }: Act,
  primary: KeyRecord,
  given: Pick<ReplicateKeyCommand, "tags" | "description"> & { readonly subject: string },
): KeyRecord {
  const { tags = {}, description = "", subject } = given
  const id = encodeId(random.bytes(16)) as KeyId // 16 bytes are an id.
  return {
    ...primary,
    ...(primary.external === undefined ? {} : waitsForAll(primary)),
    id,
    name: uuidOf(id),
    // Officers trust keys one by one.
    attributes: { ...primary.attributes, trusted: false },
    tags,
    description,
    createdAt: now,
    createdBy: subject,
    updatedAt: now,
    revision: 1,
  }
}

/** Of material that its owner brings: it is brought to each member, which calls it as it likes. */
function waitsForAll(primary: KeyRecord): Partial<KeyRecord> {
  const { versions, external, ...state } = withoutMaterial(primary, () => true)
  const pending = external?.pending
  return {
    ...state,
    versions: versions.map(undescribed),
    external: pending === undefined ? {} : { pending: undescribed(pending) },
  }
}

/** Every version's material, sealed for the replica; none of what its owner has to bring. */
async function copiedRows(
  ports: Ports,
  primary: KeyRecord,
  replica: { readonly record: KeyRecord; readonly secret: SecretBytes },
): Promise<readonly Write[]> {
  const { record, secret } = replica
  const rows: Write[] = []
  for (const { version, hasSecret } of record.versions) {
    if (!hasSecret) continue
    const { material: bytes } = await ports.keys.release(primary, version)
    using material = bytes && new SecretBytes(bytes)
    rows.push(...materialRows(ports, record, { version, secret, material }))
  }
  return rows
}
