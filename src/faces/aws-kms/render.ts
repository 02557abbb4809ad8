/** Keys as AWS shows them. */

import type { Instant } from "../../domain/ids.ts"
import { currentVersion } from "../../domain/key.ts"
import { materialIdOf } from "../../service/kms/material-id.ts"
import { keyIdText } from "./names.ts"
import type { Call, Output } from "./operation.ts"
import type { KmsKey } from "./target.ts"
import { abilities } from "./vocabulary.ts"

/** Seconds since 1970, to the millisecond. */
export function renderTime(at: Instant): number
export function renderTime(at: Instant | undefined): number | undefined
export function renderTime(at: Instant | undefined): number | undefined {
  return at === undefined ? undefined : at / 1_000
}

/** `KeyMetadata`. */
export function renderKey({ ports }: Call, found: KmsKey): Output {
  const { key, place, arn, state, usage, spec } = found
  return {
    AWSAccountId: place.account,
    KeyId: keyIdText({ id: key.id, isMultiRegion: false }),
    Arn: arn,
    CreationDate: renderTime(key.createdAt),
    Enabled: state === "Enabled",
    Description: key.description,
    KeyUsage: usage,
    KeyState: state,
    DeletionDate: renderTime(key.deleteAt),
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    KeySpec: spec,
    CustomerMasterKeySpec: spec,
    ...renderAlgorithms(found),
    MultiRegion: false,
    CurrentKeyMaterialId: renderMaterial(ports, found),
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

/** AWS names the material of symmetric encryption keys alone. */
function renderMaterial(ports: Call["ports"], { key, spec }: KmsKey): string | undefined {
  const version = currentVersion(key)?.version
  if (spec !== "SYMMETRIC_DEFAULT" || version === undefined) return undefined
  return materialIdOf(ports, { keyId: key.id, version })
}
