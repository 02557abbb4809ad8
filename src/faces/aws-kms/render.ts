/** Keys as AWS shows them. */

import type { Instant } from "../../domain/ids.ts"
import { materialUntil } from "../../domain/external-material.ts"
import { currentVersion, type KeyRecord } from "../../domain/key.ts"
import type { FamilyMember } from "../../domain/kms-key.ts"
import { dayMs } from "../../domain/limits.ts"
import { materialIdOf } from "../../service/kms/material-id.ts"
import { keyArn, keyIdText, spelled } from "./names.ts"
import type { Call, Output } from "./operation.ts"
import type { KmsKey } from "./target.ts"
import { abilities } from "./vocabulary.ts"

/** Seconds since 1970, to the millisecond. */
export function renderTime(at: Instant): number
export function renderTime(at: Instant | undefined): number | undefined
export function renderTime(at: Instant | undefined): number | undefined {
  return at === undefined ? undefined : at / 1_000
}

function renderDays(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / dayMs
}

/** `KeyMetadata`. */
export function renderKey({ ports }: Call, found: KmsKey): Output {
  const { key, place, arn, state, origin, usage, spec } = found
  return {
    AWSAccountId: place.account,
    KeyId: keyIdText(spelled(key)),
    Arn: arn,
    CreationDate: renderTime(key.createdAt),
    Enabled: state === "Enabled",
    Description: key.description,
    KeyUsage: usage,
    KeyState: state,
    DeletionDate: renderTime(key.deleteAt),
    PendingDeletionWindowInDays: renderDays(key.deletionWindowMs),
    Origin: origin,
    ...renderExpiry(key),
    KeyManager: "CUSTOMER",
    KeySpec: spec,
    CustomerMasterKeySpec: spec,
    ...renderAlgorithms(found),
    MultiRegion: key.family !== undefined,
    MultiRegionConfiguration: renderFamily(found),
    CurrentKeyMaterialId: renderMaterialId(ports, found),
  }
}

/** Every member, whichever of them is asked. */
function renderFamily({ key, family, place }: KmsKey): Output | undefined {
  if (family === undefined) return undefined
  const render = ({ region }: FamilyMember): Output => {
    return { Arn: keyArn({ ...place, region }, spelled(key)), Region: region }
  }
  const { members, primary } = family
  const [first] = members.filter(({ id }) => id === primary).map(render)
  return {
    MultiRegionKeyType: primary === key.id ? "PRIMARY" : "REPLICA",
    PrimaryKey: first,
    ReplicaKeys: members.filter(({ id }) => id !== primary).map(render),
  }
}

/** The algorithms of a key, under the name that its usage gives them. */
export function renderAlgorithms({ spec, usage }: KmsKey): Output {
  const { encryption, signing, mac, agreement, encapsulation } = abilities[spec]
  switch (usage) {
    case "ENCRYPT_DECRYPT":
      return { EncryptionAlgorithms: encryption }
    case "SIGN_VERIFY":
      return { SigningAlgorithms: signing }
    case "GENERATE_VERIFY_MAC":
      return { MacAlgorithms: mac }
    case "KEY_AGREEMENT":
      return { KeyAgreementAlgorithms: agreement }
    case "ENCAPSULATE_DECAPSULATE":
      return { EncapsulationAlgorithms: encapsulation }
  }
}

/** When the first of the imported material goes; nothing while there is none. */
export function renderExpiry(key: KeyRecord): Output {
  const isAny = key.versions.some(({ hasSecret }) => hasSecret)
  return key.external === undefined || !isAny ? {} : renderUntil(materialUntil(key))
}

/** The end of what is here; undefined: it has none. */
export function renderUntil(until: Instant | undefined): Output {
  if (until === undefined) return { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" }
  return { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: renderTime(until) }
}

/** AWS names the material of symmetric encryption keys, and of all that is imported. */
export function renderMaterialId(
  ports: Call["ports"],
  { key, spec }: Pick<KmsKey, "key" | "spec">,
): string | undefined {
  const version = currentVersion(key)?.version
  const isNamed = spec === "SYMMETRIC_DEFAULT" || key.external !== undefined
  if (!isNamed || version === undefined) return undefined
  return materialIdOf(ports, key, version)
}
