/** The key that an operation is about: found for its names, then handed to services. */

import assert from "node:assert/strict"

import { stateAt } from "../../domain/external-material.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { FamilyRecord, KeyAddress, KmsKeyRecord } from "../../domain/kms-key.ts"
import type { FoundKey } from "../../service/find-key.ts"
import { specOf, usageOf, type KeySpec, type KmsUsage } from "../../service/kms/key-specs.ts"
import { locateKey } from "../../service/kms/locate-key.ts"
import { keyFaultOf, notFound } from "./errors.ts"
import { Fault } from "./fault.ts"
import { keyArn, readKeyName, spelled, type KeyName, type Place } from "./names.ts"
import type { Call } from "./operation.ts"

/** AWS's words for a key's state. */
export type KmsState =
  | "Enabled"
  | "Disabled"
  | "PendingImport"
  | "PendingDeletion"
  | "PendingReplicaDeletion"

/** Where a key's material comes from. */
export type KmsOrigin = "AWS_KMS" | "EXTERNAL"

/** What AWS calls a key of ours. */
export interface KmsKey {
  readonly key: KeyRecord
  readonly kms: KmsKeyRecord | undefined
  /** Of a multi-Region key. */
  readonly family: FamilyRecord | undefined
  readonly place: Place
  readonly arn: string
  readonly state: KmsState
  readonly origin: KmsOrigin
  readonly usage: KmsUsage
  readonly spec: KeySpec
}

/** A key as a request names it. */
export interface Target {
  readonly name: KeyName
  /** For services. */
  readonly address: KeyAddress
  /** Absent when there is no such key. */
  readonly found?: KmsKey
}

const stateByOurs = {
  active: "Enabled",
  disabled: "Disabled",
  "awaiting-material": "PendingImport",
  deleting: "PendingDeletion",
  invalidated: "PendingDeletion",
  destroyed: "PendingDeletion",
} as const satisfies Record<KeyRecord["state"], KmsState>

/**
 * Runs services for the key that a request names, and turns their errors into this face's.
 *
 * @throws {@link Fault} NotFoundException for a name in no form of AWS's.
 */
export async function onKey<T>(
  call: Call,
  text: string,
  run: (target: Target) => Promise<T>,
): Promise<T> {
  const target = await findTarget(call, text)
  try {
    return await run(target)
  } catch (error) {
    throw keyFaultOf(error, call, target)
  }
}

/** Nothing is decided yet: what this finds is shown only after a service has let it. */
export async function findTarget(call: Call, text: string): Promise<Target> {
  const name = readKeyName(text, call.place)
  const { address, found: located } = await locateKey(call.ports, call.context, name)
  if (located === undefined) return { name, address }
  const place = { account: name.account, region: call.place.region }
  const found = kmsKeyOf({ ...call, place }, located)
  if (found === undefined || !isSpelledSo(name, located.key)) throw notFound(call, name)
  return { name, address, found }
}

/** AWS writes ids of multi-Region keys in their own way, and those of others in no such way. */
function isSpelledSo(name: KeyName, { family }: KeyRecord): boolean {
  if ("alias" in name || name.isOurs === true) return true
  return name.isMultiRegion === (family !== undefined)
}

/** What only a primary does; undefined where it is one. */
export function primaryFault({ found }: Target): Fault | undefined {
  if (found === undefined || found.family?.primary === found.key.id) return undefined
  const text = `${found.arn} is not a multi-region primary key.`
  return new Fault("UnsupportedOperationException", text)
}

/** The key that a service has just worked with: it exists. */
export function foundIn({ found }: Target): KmsKey {
  assert(found !== undefined)
  return found
}

/** What only symmetric encryption keys do; undefined for one of those. */
export function specFault({ arn, spec }: Pick<KmsKey, "arn" | "spec">): Fault | undefined {
  if (spec === "SYMMETRIC_DEFAULT") return undefined
  const text = `${arn} key spec is ${spec} which is not valid for this operation.`
  return new Fault("UnsupportedOperationException", text)
}

/** What AWS has against an operation on a key of another origin; undefined when nothing. */
export function originFault({ found }: Target, wanted: KmsOrigin): Fault | undefined {
  if (found === undefined || found.origin === wanted) return undefined
  const text = `${found.arn} origin is ${found.origin} which is not valid for this operation.`
  return new Fault("UnsupportedOperationException", text)
}

/** A key in AWS's words; undefined for one that KMS has no word for. */
export function kmsKeyOf(
  { ports, place }: Pick<Call, "ports" | "place">,
  { key, kms, family }: FoundKey,
): KmsKey | undefined {
  const spec = specOf(key)
  if (spec === undefined) return undefined
  return {
    key,
    kms,
    family,
    place,
    spec,
    arn: keyArn(place, spelled(key)),
    state:
      key.deletionWindowMs === undefined
        ? stateByOurs[stateAt(key, ports.clock.now())]
        : "PendingReplicaDeletion",
    origin: key.external === undefined ? "AWS_KMS" : "EXTERNAL",
    usage: usageOf(key, spec),
  }
}
