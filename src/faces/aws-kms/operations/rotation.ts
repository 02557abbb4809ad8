/** Operations on the rotation of keys: by the clock, or when somebody asks for it. */

import { broughtVersions, isHere } from "../../../domain/external-material.ts"
import type { Instant } from "../../../domain/ids.ts"
import { currentVersion, type KeyRecord, type KeyVersion } from "../../../domain/key.ts"
import { dayMs, limits } from "../../../domain/limits.ts"
import { materialIdOf } from "../../../service/kms/material-id.ts"
import { isPendingEverywhere } from "../../../service/kms/pending-material.ts"
import { describeKey } from "../../../service/read-key.ts"
import { rotateKey } from "../../../service/rotate-key.ts"
import { updateKey } from "../../../service/update-key.ts"
import { stateFault } from "../errors.ts"
import { Fault } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { renderTime, renderUntil } from "../render.ts"
import { serve } from "../serve.ts"
import { choice, integer } from "../shapes.ts"
import { foundIn, onKey, originFault, primaryFault, specFault, type Target } from "../target.ts"

const usualDays = 365
const named = { KeyId: members.neededKeyId }

export const rotationOperations = {
  EnableKeyRotation: operation(
    { ...named, RotationPeriodInDays: integer({ min: 90, max: 2_560 }) },
    async (call, { KeyId, RotationPeriodInDays: days = usualDays }) =>
      await schedule(call, KeyId, days * dayMs),
  ),
  DisableKeyRotation: operation(named, async (call, { KeyId }) => schedule(call, KeyId, null)),
  GetKeyRotationStatus: operation(
    named,
    async (call, { KeyId }) =>
      await onKey(call, KeyId, async (target) => {
        const { rotation } = await describeKey(call.ports, call.context, { key: target.address })
        const { arn, state } = foundIn(target)
        // A key that is to be destroyed does not rotate.
        const active = state === "PendingDeletion" ? undefined : rotation
        return {
          KeyId: arn,
          KeyRotationEnabled: active !== undefined,
          RotationPeriodInDays: active === undefined ? undefined : active.periodMs / dayMs,
          NextRotationDate: renderTime(active?.nextAt),
        }
      }),
  ),
  RotateKeyOnDemand: operation(
    named,
    async (call, { KeyId }) =>
      await onKey(call, KeyId, async (target) => {
        const fault = rotationFault(target) ?? countFault(target)
        await serve(call, { fault }, (context) =>
          rotateKey(call.ports, context, { key: target.address }),
        )
        return { KeyId: foundIn(target).arn }
      }),
  ),
  ListKeyRotations: operation(
    {
      ...named,
      IncludeKeyMaterial: choice(["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"]),
      Limit: members.limit,
      Marker: members.marker,
    },
    listRotations,
  ),
} as const satisfies Record<string, Operation>

/** @param periodMs - null ends the schedule. */
async function schedule(call: Call, text: string, periodMs: number | null): Promise<undefined> {
  await onKey(call, text, async (target) => {
    const command = { key: target.address, rotationPeriodMs: periodMs }
    const fault = rotationFault(target, originFault(target, "AWS_KMS"))
    await serve(call, { fault }, (context) => updateKey(call.ports, context, command))
  })
}

/**
 * What AWS has against rotating a key; undefined when nothing.
 *
 * @param byOrigin - material that its owner brings is rotated by him alone.
 */
function rotationFault(target: Target, byOrigin?: Fault): Fault | undefined {
  const { found } = target
  if (found === undefined) return undefined
  const isFamily = found.family !== undefined
  return (
    specFault(found) ??
    byOrigin ??
    (isFamily ? primaryFault(target) : undefined) ??
    stateFault(found)
  )
}

function countFault({ found }: Target): Fault | undefined {
  const asked = found?.key.versions.filter((version) => version.asked === true) ?? []
  const most = limits.rotationsOnDemandMax
  if (asked.length < most) return undefined
  const text = `A key can be rotated on demand at most ${most} times.`
  return new Fault("LimitExceededException", text)
}

async function listRotations(
  call: Call,
  input: {
    readonly KeyId: string
    readonly IncludeKeyMaterial: "ALL_KEY_MATERIAL" | "ROTATIONS_ONLY" | undefined
    readonly Limit: number | undefined
    readonly Marker: string | undefined
  },
): Promise<Output> {
  const { limit, after } = pageCommand(call, input, { most: 1_000, usual: 100 })
  return await onKey(call, input.KeyId, async (target) => {
    const key = await describeKey(call.ports, call.context, { key: target.address })
    const found = foundIn(target)
    const fault = specFault(found)
    if (fault !== undefined) throw fault
    const isAll = input.IncludeKeyMaterial === "ALL_KEY_MATERIAL"
    const from = Math.max(isAll ? 1 : 2, Number(after ?? 0) + 1)
    const versions = isAll ? broughtVersions(key) : key.versions
    const rest = versions.filter(({ version }) => version >= from)
    const items = rest.slice(0, limit)
    const next = rest.length > limit ? String(items.at(-1)?.version) : undefined
    const state = await pendingState(call, key)
    return renderPage(
      call,
      { items, next },
      {
        as: "Rotations",
        render: (one) => renderRotation(call, { arn: found.arn, key, state }, one),
      },
    )
  })
}

/** What the material is called that waits for its rotation; undefined when none does. */
async function pendingState({ ports }: Call, key: KeyRecord): Promise<string | undefined> {
  if (key.external?.pending === undefined) return undefined
  const isComplete = await isPendingEverywhere(ports, key, ports.clock.now())
  return isComplete ? "PENDING_ROTATION" : "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
}

function renderRotation({ ports }: Call, { arn, key, state }: Listed, one: KeyVersion): Output {
  const { version, createdAt, asked } = one
  const current = currentVersion(key)?.version ?? 0
  const isRotation = version > 1 && version <= current
  const done = version === current ? "CURRENT" : "NON_CURRENT"
  return {
    KeyId: arn,
    KeyMaterialId: materialIdOf(ports, key, version),
    ...renderBrought(one, ports.clock.now()),
    KeyMaterialState: version > current ? state : done,
    RotationDate: isRotation ? renderTime(createdAt) : undefined,
    RotationType: isRotation ? (asked === true ? "ON_DEMAND" : "AUTOMATIC") : undefined,
  }
}

interface Listed {
  readonly arn: string
  readonly key: KeyRecord
  /** Of what waits for its rotation. */
  readonly state: string | undefined
}

/** Of material that its owner brings along; nothing of any other. */
function renderBrought(version: KeyVersion, now: Instant): Output {
  const { brought } = version
  if (brought === undefined) return {}
  const is = isHere(version, now)
  return {
    KeyMaterialDescription: brought.description,
    ImportState: is ? "IMPORTED" : "PENDING_IMPORT",
    ...(is ? renderUntil(brought.validTo) : {}),
  }
}
