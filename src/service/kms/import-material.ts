/**
 * Keys whose owner brings the material along, as AWS's dialect has it: wrapped under a pair that is
 * made for one import.
 */

import { timingSafeEqual } from "node:crypto"

import type { KeyAlgorithmId, MechanismId } from "../../domain/algorithms.ts"
import { HsmError } from "../../domain/errors.ts"
import { broughtVersions, withMaterial } from "../../domain/external-material.ts"
import type { Instant } from "../../domain/ids.ts"
import {
  currentVersion,
  sealedAs,
  type BroughtMaterial,
  type KeyRecord,
  type KeyVersion,
} from "../../domain/key.ts"
import { limits } from "../../domain/limits.ts"
import { unwrapsUntil } from "../../domain/unwrap-template.ts"
import { generateMaterial } from "../../engine/generate.ts"
import type { SecretBytes } from "../../engine/secret-bytes.ts"
import { unwrapMaterial } from "../../engine/wrap.ts"
import type { Transaction } from "../../records/committer.ts"
import { keyOf, perform, type Act } from "../act.ts"
import { commitKey, revise } from "../change-key.ts"
import type {
  Context,
  ImportMaterialCommand,
  ImportParameters,
  KeyRef,
  MaterialChange,
} from "../commands.ts"
import { createIn, firstVersion, materialRows } from "../create-key.ts"
import type { Ports } from "../ports.ts"
import { forget, spent } from "../unwrap-key.ts"
import { checkPrimary } from "./family.ts"
import { badToken, lateToken, makeImportToken, readImportToken } from "./import-token.ts"
import { materialIdOf } from "./material-id.ts"
import { samePending } from "./pending-material.ts"

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
 * Brings material into a key: the first, the same again, or other bytes, which wait for a rotation.
 * One commit holds it and the end of the pair that it was wrapped under; what does not fit uses
 * nothing up.
 *
 * @throws HsmError with a field: MALFORMED_REQUEST `/importToken` (none of this key's, or used),
 * `/validTo`, `/importType`, `/materialId`, `/material` (not bytes that the key had before, or not
 * new ones); KEY_STATE `/importToken` (expired), `/importType` (others wait already).
 * DECRYPTION_FAILED, always the same, for what does not unwrap to a key of the algorithm;
 * OPERATION_FORBIDDEN for a key whose material was made here, and where there may be no other;
 * KEY_STATE; CONFLICT.
 */
export async function importMaterial(
  ports: Ports,
  context: Context,
  command: ImportMaterialCommand,
): Promise<MaterialChange> {
  const ask = { operation: "key.import-material", key: command.key } as const
  return await perform(ports, context, ask, async (act) => {
    const target = externalOf(act)
    const { token, wrapped } = command
    checkValidTo(command, act.now)
    await checkType(ports, target, command)
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

async function bringIn(
  ports: Ports,
  act: Act,
  made: {
    readonly material: SecretBytes | undefined
    readonly publicKey?: Uint8Array | undefined
    /** The end of the pair. */
    readonly along: Required<Pick<Transaction, "changes" | "rows" | "keys">>
  },
  command: ImportMaterialCommand,
): Promise<MaterialChange> {
  const before = keyOf(act)
  const { partition, id: keyId, algorithm } = before
  const { material, along } = made
  if (material === undefined) throw new HsmError("INTERNAL", "what was unwrapped has no secret")
  const fingerprint = ports.records.keyholder.fingerprintMaterial(
    { partition, keyId: sealedAs(before), algorithm },
    material,
  )
  const known = knownVersion(ports, before, { fingerprint, command })
  const pin = await ports.records.pin(partition, "key", keyId)
  if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
  const { lineage } = ports
  const first = firstVersion(algorithm, made, { now: act.now, origin: "imported", lineage })
  const version = (currentVersion(before)?.version ?? 0) + 1
  const here: KeyVersion = {
    ...(known ?? { ...first, version }),
    hasSecret: true,
    brought: broughtAs(known, fingerprint, command),
  }
  const fields = known === undefined ? withNew(before, here) : withMaterial(before, here)
  const after = revise(before, act, fields)
  const rows =
    known?.hasSecret === true
      ? []
      : materialRows(ports, after, { version: here.version, secret: pin.secret, material })
  const kin = known === undefined ? await samePending(ports, before, after) : { changes: [] }
  const extra = {
    ...along,
    changes: [...along.changes, ...kin.changes],
    rows: [...along.rows, ...rows],
  }
  const { version: keyVersion } = here
  const key = await commitKey(ports, act, { before, after, extra, keyVersion })
  return { key, materialId: materialIdOf(ports, key, keyVersion) }
}

/** The first material is current at once; other bytes wait until a rotation is asked for. */
function withNew(before: KeyRecord, here: KeyVersion): Partial<KeyRecord> {
  if (currentVersion(before) !== undefined) return { external: { pending: here } }
  return {
    state: before.state === "awaiting-material" ? "active" : before.state,
    versions: [here],
    external: {},
  }
}

function broughtAs(
  known: KeyVersion | undefined,
  fingerprint: Uint8Array,
  { validTo, description = known?.brought?.description }: ImportMaterialCommand,
): BroughtMaterial {
  return {
    fingerprint,
    ...(validTo === undefined ? {} : { validTo }),
    ...(description === undefined ? {} : { description }),
  }
}

/** The key that an act is about, which has to be one whose material comes from outside. */
export function externalOf(act: Act): KeyRecord {
  const key = keyOf(act)
  if (key.external !== undefined) return key
  throw new HsmError("OPERATION_FORBIDDEN", "the key's material was made here")
}

/** What can be said against an import before anything is unwrapped. */
async function checkType(
  ports: Ports,
  key: KeyRecord,
  command: ImportMaterialCommand,
): Promise<void> {
  const hadSome = currentVersion(key) !== undefined
  if (!isNew(key, command)) {
    if (hadSome) return
    throw new HsmError("MALFORMED_REQUEST", "the key never had any material", ofType)
  }
  if (command.materialId !== undefined) {
    const text = "new material has no id before it is here"
    throw new HsmError("MALFORMED_REQUEST", text, { field: "/materialId" })
  }
  if (!hadSome) return
  // A ciphertext names the version that opens it; signatures and MACs name none.
  if (key.algorithm !== "AES_256" || !key.attributes.usages.includes("encrypt")) {
    throw new HsmError("OPERATION_FORBIDDEN", "only keys that encrypt take another material")
  }
  await checkPrimary(ports, key)
  if (key.external?.pending === undefined) return
  const text = "the key has material that waits for its rotation: rotate it, or delete that"
  throw new HsmError("KEY_STATE", text, ofType)
}

const ofType = { field: "/importType" }

function isNew(key: KeyRecord, { importType }: ImportMaterialCommand): boolean {
  if (importType !== undefined) return importType === "new"
  return currentVersion(key) === undefined
}

/** The version that has these bytes; undefined for new ones. */
function knownVersion(
  ports: Ports,
  key: KeyRecord,
  given: { readonly fingerprint: Uint8Array; readonly command: ImportMaterialCommand },
): KeyVersion | undefined {
  const { fingerprint, command } = given
  const known = broughtVersions(key).find(({ brought }) => {
    return brought !== undefined && timingSafeEqual(brought.fingerprint, fingerprint)
  })
  if (isNew(key, command)) {
    if (known === undefined) return undefined
    throw incorrect("the key has had that material before")
  }
  if (known === undefined) throw incorrect("it is not material that the key had")
  const { materialId } = command
  if (materialId === undefined || materialId === materialIdOf(ports, key, known.version)) {
    return known
  }
  throw incorrect("it is not the material that the key had by that id")
}

function incorrect(text: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", text, { field: "/material" })
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
