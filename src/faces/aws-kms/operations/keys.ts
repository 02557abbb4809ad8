/** Operations on keys themselves: make, show, enable and disable, retire. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { createExternalKey, createKey } from "../../../service/create-key.ts"
import { cancelDeletion, deleteKey } from "../../../service/delete-key.ts"
import { dayMs } from "../../../domain/limits.ts"
import type { OperationId } from "../../../domain/operation.ts"
import {
  algorithmsWithSpec,
  keySpecNames,
  keyUsages,
  specRow,
  usagesOf,
  type KeySpec,
  type KmsUsage,
} from "../../../service/kms/key-specs.ts"
import { lastUseOf } from "../../../service/last-uses.ts"
import { listKmsKeys } from "../../../service/kms/list-keys.ts"
import { describeKey, publicKey } from "../../../service/read-key.ts"
import { disableKey, enableKey, updateKey } from "../../../service/update-key.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import { keyArn, keyIdText, spelled } from "../names.ts"
import { readPolicy } from "../policy-document.ts"
import { absentStore } from "./key-stores.ts"
import { tellPolicy } from "./policies.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { renderAlgorithms, renderKey, renderTime } from "../render.ts"
import { choice, flag, integer, need, text, type Input } from "../shapes.ts"
import { readTags } from "../tags.ts"
import { stateFault } from "../errors.ts"
import { findTarget, foundIn, onKey } from "../target.ts"
import { unsupportedSpecs } from "../vocabulary.ts"

/** What AWS takes; zero is ours, where the partition allows it. */
const window = { usual: 30, least: 7, most: 30 } as const
const anySpec = choice([...keySpecNames, ...unsupportedSpecs])

const createMembers = {
  Policy: members.policy,
  Description: members.description,
  KeyUsage: choice(keyUsages),
  CustomerMasterKeySpec: anySpec,
  KeySpec: anySpec,
  Origin: choice(["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]),
  CustomKeyStoreId: text({ min: 1, max: 64 }),
  BypassPolicyLockoutSafetyCheck: flag,
  Tags: members.tags,
  MultiRegion: flag,
  XksKeyId: text({ min: 1, max: 128, pattern: /^[a-zA-Z0-9-_.]+$/ }),
}

export const keyOperations = {
  CreateKey: operation(createMembers, create),
  DescribeKey: operation(
    { KeyId: members.neededKeyId, GrantTokens: members.grantTokens },
    async (call, { KeyId }) =>
      await onKey(call, KeyId, async (target) => {
        await describeKey(call.ports, call.context, { key: target.address })
        return { KeyMetadata: renderKey(call, foundIn(target)) }
      }),
  ),
  ListKeys: operation({ Limit: members.limit, Marker: members.marker }, list),
  EnableKey: onlyKey((call, key) => enableKey(call.ports, call.context, { key })),
  DisableKey: onlyKey((call, key) => disableKey(call.ports, call.context, { key })),
  UpdateKeyDescription: operation(
    { KeyId: members.neededKeyId, Description: need(members.description) },
    async (call, { KeyId, Description: description }) =>
      await onKey(call, KeyId, async ({ address: key }) => {
        await updateKey(call.ports, call.context, { key, description })
        return undefined
      }),
  ),
  ScheduleKeyDeletion: operation(
    { KeyId: members.neededKeyId, PendingWindowInDays: integer({ min: 0, max: 365 }) },
    scheduleDeletion,
  ),
  CancelKeyDeletion: operation(
    { KeyId: members.neededKeyId },
    async (call, { KeyId }) =>
      await onKey(call, KeyId, async (target) => {
        const found = target.found
        if (found !== undefined && !found.state.endsWith("Deletion")) {
          await describeKey(call.ports, call.context, { key: target.address })
          throw new Fault("KMSInvalidStateException", `${found.arn} is not pending deletion.`)
        }
        const command = { key: target.address, leaves: "disabled" } as const
        await cancelDeletion(call.ports, call.context, command)
        return { KeyId: foundIn(target).arn }
      }),
  ),
  GetKeyLastUsage: operation({ KeyId: members.neededKeyId }, getLastUsage),
  GetPublicKey: operation(
    { KeyId: members.neededKeyId, GrantTokens: members.grantTokens },
    getPublicKey,
  ),
} as const satisfies Record<string, Operation>

/** An operation that takes a key's name and answers nothing. */
function onlyKey(
  run: (call: Call, key: Parameters<typeof enableKey>[2]["key"]) => Promise<unknown>,
): Operation {
  return operation({ KeyId: members.neededKeyId }, async (call, { KeyId }) => {
    await onKey(call, KeyId, async ({ address }) => await run(call, address))
    return undefined
  })
}

async function create(call: Call, input: Input<typeof createMembers>): Promise<Output> {
  refuseStores(input)
  const spec = readSpec(input)
  const usage = readUsage(spec, input.KeyUsage)
  const { Policy, BypassPolicyLockoutSafetyCheck: bypass = false } = input
  const policy = Policy === undefined ? undefined : { policy: readPolicy(Policy), bypass }
  const make = input.Origin === "EXTERNAL" ? createExternalKey : createKey
  const key = await make(call.ports, call.context, {
    algorithm: specRow(spec).algorithm,
    usages: usagesOf[usage],
    description: input.Description,
    tags: readTags(input.Tags ?? []),
    kms: { region: call.place.region, policy, multiRegion: input.MultiRegion },
  }).catch(tellPolicy)
  return { KeyMetadata: renderKey(call, foundIn(await findTarget(call, key.id))) }
}

/** There are no key stores behind ours. */
function refuseStores({
  CustomKeyStoreId: id,
  Origin,
  XksKeyId,
}: Input<typeof createMembers>): void {
  if (id !== undefined) {
    throw absentStore(id)
  }
  if (Origin === "AWS_CLOUDHSM" || Origin === "EXTERNAL_KEY_STORE" || XksKeyId !== undefined) {
    throw invalid("You must specify a CustomKeyStoreId for a key of a custom key store.")
  }
}

function readSpec(input: Input<typeof createMembers>): KeySpec {
  const { KeySpec: spec, CustomerMasterKeySpec: old } = input
  if (spec !== undefined && old !== undefined && spec !== old) {
    throw invalid("KeySpec and CustomerMasterKeySpec must be the same.")
  }
  const wanted = spec ?? old ?? "SYMMETRIC_DEFAULT"
  if (wanted === "SM2") {
    throw new Fault("UnsupportedOperationException", "SM2 is of China Regions alone.")
  }
  return wanted
}

function readUsage(spec: KeySpec, usage: KmsUsage | undefined): KmsUsage {
  if (usage === undefined) {
    if (spec === "SYMMETRIC_DEFAULT") return "ENCRYPT_DECRYPT"
    throw invalid(
      "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    )
  }
  if (specRow(spec).usages.includes(usage)) return usage
  throw invalid(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`)
}

async function list(
  call: Call,
  input: { readonly Limit: number | undefined; readonly Marker: string | undefined },
): Promise<Output> {
  const page = await listKmsKeys(call.ports, call.context, {
    ...pageCommand(call, input, { most: 1_000, usual: 100 }),
    region: call.place.region,
    algorithms: algorithmsWithSpec,
  })
  return renderPage(call, page, {
    as: "Keys",
    render: (key) => {
      const named = spelled(key)
      return { KeyId: keyIdText(named), KeyArn: keyArn(call.place, named) }
    },
  })
}

async function scheduleDeletion(
  call: Call,
  {
    KeyId,
    PendingWindowInDays: days = window.usual,
  }: { KeyId: string } & {
    PendingWindowInDays: number | undefined
  },
): Promise<Output> {
  if (days !== 0 && (days < window.least || days > window.most)) {
    throw invalid(`PendingWindowInDays must be between ${window.least} and ${window.most} days.`)
  }
  return await onKey(call, KeyId, async (target) => {
    const command = { key: target.address, windowMs: days * dayMs }
    const deleted = await deleteKey(call.ports, call.context, command)
    const waits = deleted.deletionWindowMs !== undefined
    return {
      KeyId: foundIn(target).arn,
      DeletionDate: renderTime(deleted.deleteAt ?? deleted.destroyedAt),
      KeyState: waits ? "PendingReplicaDeletion" : "PendingDeletion",
      PendingWindowInDays: days,
    }
  })
}

/** AWS's words for what a key is used for; what it has none for is a use all the same. */
const trackedOperations: { readonly [Id in OperationId]?: string } = {
  "key.encrypt": "Encrypt",
  "key.decrypt": "Decrypt",
  "key.data-key": "GenerateDataKey",
  "key.sign": "Sign",
  "key.verify": "Verify",
  "key.mac": "GenerateMac",
  "key.verify-mac": "VerifyMac",
  "key.agree": "DeriveSharedSecret",
  "key.encapsulate": "Encapsulate",
  "key.decapsulate": "Decapsulate",
  "key.timestamp": "Sign",
  "certificate.request": "Sign",
  "certificate.self-sign": "Sign",
  "certificate.issue": "Sign",
}

async function getLastUsage(call: Call, { KeyId }: { readonly KeyId: string }): Promise<Output> {
  return await onKey(call, KeyId, async (target) => {
    const { key, use, since } = await lastUseOf(call.ports, call.context, { key: target.address })
    const last = use && {
      Operation: trackedOperations[use.act],
      Timestamp: renderTime(use.at),
      KmsRequestId: use.requestId,
    }
    return {
      KeyId: keyIdText(spelled(key)),
      KeyLastUsage: last ?? {},
      TrackingStartDate: renderTime(since),
      KeyCreationDate: renderTime(key.createdAt),
    }
  })
}

async function getPublicKey(call: Call, { KeyId }: { readonly KeyId: string }): Promise<Output> {
  return await onKey(call, KeyId, async (target) => {
    const { found } = target
    if (found !== undefined && algorithmHasNoPublicHalf(found.spec)) {
      await describeKey(call.ports, call.context, { key: target.address })
      const text = `${found.arn} is not an asymmetric key.`
      throw new Fault("UnsupportedOperationException", text)
    }
    const waiting = found?.state === "PendingImport" ? stateFault(found) : undefined
    if (waiting !== undefined) {
      await describeKey(call.ports, call.context, { key: target.address })
      throw waiting
    }
    const { publicKey: spki } = await publicKey(call.ports, call.context, { key: target.address })
    const shown = foundIn(target)
    const fault = stateFault(shown)
    if (fault !== undefined) throw fault
    const { arn, spec, usage } = shown
    return {
      KeyId: arn,
      PublicKey: encodeBase64(spki),
      KeySpec: spec,
      CustomerMasterKeySpec: spec,
      KeyUsage: usage,
      ...renderAlgorithms(shown),
    }
  })
}

function algorithmHasNoPublicHalf(spec: KeySpec): boolean {
  return spec === "SYMMETRIC_DEFAULT" || spec.startsWith("HMAC_")
}
