/**
 * Keys whose owner brings the material along, as AWS's dialect has it: wrapped under a pair that is
 * made for one import, and taken away again when he says so or its time is over.
 */

import { timingSafeEqual } from "node:crypto"

import type { KeyAlgorithmId, MechanismId } from "../../domain/algorithms.ts"
import { HsmError } from "../../domain/errors.ts"
import { withoutMaterial } from "../../domain/external-material.ts"
import type { Instant } from "../../domain/ids.ts"
import { currentVersion, sealedAs, type KeyRecord } from "../../domain/key.ts"
import { limits } from "../../domain/limits.ts"
import { unwrapsUntil } from "../../domain/unwrap-template.ts"
import { generateMaterial } from "../../engine/generate.ts"
import type { SecretBytes } from "../../engine/secret-bytes.ts"
import { unwrapMaterial } from "../../engine/wrap.ts"
import type { Transaction } from "../../records/committer.ts"
import { keyOf, perform, type Act } from "../act.ts"
import { commitKey, materialPaths, movedDues, revise } from "../change-key.ts"
import type { Context, ImportMaterialCommand, ImportParameters, KeyRef } from "../commands.ts"
import { createIn, firstVersion, materialRows } from "../create-key.ts"
import type { Ports } from "../ports.ts"
import { forget, spent } from "../unwrap-key.ts"
import { badToken, lateToken, makeImportToken, readImportToken } from "./import-token.ts"

/**
 * Makes a pair for one import into a key, and a token that names it. The pair is destroyed with the
 * import, or after limits.importTokenMs.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a key whose material was made here; KEY_STATE;
 * QUOTA_EXCEEDED; otherwise as `createKey`.
 */
export async function importParameters(
  ports: Ports,
  context: Context,
  command: {
    readonly key: KeyRef
    /** Of the pair. */
    readonly algorithm: KeyAlgorithmId
    /** How the material will be wrapped. */
    readonly mechanism: MechanismId
  },
): Promise<ImportParameters> {
  const { key, algorithm, mechanism } = command
  const ask = { operation: "key.import-parameters", key, creates: algorithm } as const
  return await perform(ports, context, ask, async (act) => {
    const target = externalOf(act)
    const made = await createIn(ports, context, act, {
      template: {
        algorithm,
        usages: ["unwrap"],
        description: `For material of ${target.id}`,
        unwraps: {
          algorithms: [target.algorithm],
          onceWithinMs: limits.importTokenMs,
          into: target.id,
        },
      },
      call: { kind: "key.import-parameters", key: undefined, command: {} },
      origin: "generated",
      produce: (permit) => generateMaterial(algorithm, permit),
    })
    const publicKey = currentVersion(made)?.publicKey
    const expiresAt = unwrapsUntil(made)
    if (publicKey === undefined || expiresAt === undefined) {
      throw new HsmError("INTERNAL", "no pair for an import was made")
    }
    const token = makeImportToken(ports, target, { wrappingKey: made.id, mechanism, expiresAt })
    return { keyId: target.id, token, publicKey, validTo: expiresAt }
  })
}

/**
 * Brings material into a key: the first, or the same again. One commit holds it and the end of the
 * pair that it was wrapped under; what does not fit uses nothing up.
 *
 * @throws HsmError with a field: MALFORMED_REQUEST `/importToken` (none of this key's, or used),
 * `/validTo`, `/material` (not the bytes that the key had before); KEY_STATE `/importToken`
 * (expired). DECRYPTION_FAILED, always the same, for what does not unwrap to a key of the
 * algorithm; OPERATION_FORBIDDEN for a key whose material was made here; KEY_STATE; CONFLICT.
 */
export async function importMaterial(
  ports: Ports,
  context: Context,
  command: ImportMaterialCommand,
): Promise<KeyRecord> {
  const ask = { operation: "key.import-material", key: command.key } as const
  return await perform(ports, context, ask, async (act) => {
    const target = externalOf(act)
    const { token, wrapped } = command
    checkValidTo(command, act.now)
    const ticket = readImportToken(ports, target, { token, now: act.now })
    // Leave was given for the key; the pair serves it alone, whatever the caller's grants name.
    const leave = { ...context, caller: { ...context.caller, grants: [] } }
    const unwrapping = {
      operation: "key.unwrap",
      key: ticket.wrappingKey,
      mechanism: ticket.mechanism,
      brings: target.algorithm,
      attributes: { into: target.id },
      input: { wrapped },
    } as const
    const { pair, after } = await perform(ports, leave, unwrapping, async (inner) => {
      const wrapping = keyOf(inner)
      const handle = await ports.keys.open(wrapping, currentVersion(wrapping)?.version ?? 0)
      const { mechanism } = ticket
      const input = { mechanism, wrapped, algorithm: target.algorithm }
      const made = await unwrapMaterial(inner.permit, handle, input)
      using material = made.material
      const along = await spent(ports, inner)
      return {
        pair: wrapping,
        after: await bringIn(ports, act, { ...made, material, along }, command),
      }
    }).catch(tellToken)
    await forget(ports, pair)
    return after
  })
}

/**
 * Takes the material away; the same can be brought again. What was sealed here never opens again.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a key whose material was made here; KEY_STATE; CONFLICT.
 */
export async function deleteMaterial(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.delete-material", key }, async (act) => {
    const before = externalOf(act)
    if (currentVersion(before)?.hasSecret !== true) return before
    return await commitKey(ports, act, {
      before,
      after: revise(before, act, withoutMaterial(before)),
      secret: ports.records.keyholder.freshSecret(),
      extra: { rows: materialPaths(before) },
    })
  })
}

/** The commit by which material goes whose time is over. */
export function materialEnd(
  { records }: Pick<Ports, "records">,
  before: KeyRecord,
  now: Instant,
): Transaction {
  const record = revise(before, { now }, withoutMaterial(before))
  return {
    changes: [{ kind: "key", record, secret: records.keyholder.freshSecret() }],
    rows: [...materialPaths(before), ...movedDues(before, record)],
  }
}

async function bringIn(
  ports: Ports,
  act: Act,
  made: {
    readonly material: SecretBytes | undefined
    readonly publicKey?: Uint8Array | undefined
    /** The end of the pair. */
    readonly along: Required<Pick<Transaction, "changes" | "rows" | "keys">>
  },
  { validTo }: Pick<ImportMaterialCommand, "validTo">,
): Promise<KeyRecord> {
  const before = keyOf(act)
  const { partition, id: keyId, algorithm, state } = before
  const { material, along } = made
  if (material === undefined) throw new HsmError("INTERNAL", "what was unwrapped has no secret")
  const fingerprint = ports.records.keyholder.fingerprintMaterial(
    { partition, keyId: sealedAs(before), algorithm },
    material,
  )
  checkSame(before, fingerprint)
  const pin = await ports.records.pin(partition, "key", keyId)
  if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
  const old = currentVersion(before)
  const origin = "imported"
  const first = firstVersion(algorithm, made, { now: act.now, origin, lineage: ports.lineage })
  const after = revise(before, act, {
    state: state === "awaiting-material" ? "active" : state,
    versions: [old === undefined ? first : { ...old, hasSecret: true }],
    external: { fingerprint, ...(validTo === undefined ? {} : { validTo }) },
  })
  const rows =
    old?.hasSecret === true
      ? []
      : materialRows(ports, after, { version: 1, secret: pin.secret, material })
  const extra = { ...along, rows: [...along.rows, ...rows] }
  return await commitKey(ports, act, { before, after, extra })
}

/** The key that an act is about, which has to be one whose material comes from outside. */
function externalOf(act: Act): KeyRecord {
  const key = keyOf(act)
  if (key.external !== undefined) return key
  throw new HsmError("OPERATION_FORBIDDEN", "the key's material was made here")
}

function checkSame({ external }: KeyRecord, fingerprint: Uint8Array): void {
  const known = external?.fingerprint
  if (known === undefined || timingSafeEqual(known, fingerprint)) return
  const field = { field: "/material" }
  throw new HsmError("MALFORMED_REQUEST", "it is not the material that the key had", field)
}

function checkValidTo({ validTo }: Pick<ImportMaterialCommand, "validTo">, now: Instant): void {
  if (validTo === undefined) return
  if (validTo > now && validTo <= now + limits.importedMaterialMaxMs) return
  const field = { field: "/validTo" }
  throw new HsmError("MALFORMED_REQUEST", "material expires within 365 days from now", field)
}

/** What the pair says of itself is said of the token: nobody has seen more of it. */
function tellToken(error: unknown): never {
  if (!(error instanceof HsmError) || error.detail.field !== undefined) throw error
  if (error.code === "KEY_STATE" || error.code === "KEY_NOT_FOUND") throw badToken()
  throw error.detail.rule === "template" ? lateToken() : error
}
