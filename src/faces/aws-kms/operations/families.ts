/** Operations on multi-Region keys: another member in another region, and which is the primary. */

import { HsmError } from "../../../domain/errors.ts"
import { replicateKey, setPrimaryRegion } from "../../../service/kms/replicate-key.ts"
import { keyFaultOf, notFound } from "../errors.ts"
import { Fault } from "../fault.ts"
import * as members from "../members.ts"
import { keyArn, spelled } from "../names.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { defaultPolicy, readPolicy } from "../policy-document.ts"
import { renderKey } from "../render.ts"
import { serve } from "../serve.ts"
import { flag, need, text, type Input } from "../shapes.ts"
import { readTags } from "../tags.ts"
import { findTarget, foundIn, onKey, primaryFault, type KmsKey, type Target } from "../target.ts"
import { tellPolicy } from "./policies.ts"

/** Labels of our own are regions as well as AWS's names are. */
const region = need(text({ min: 1, max: 32, pattern: /^[a-z0-9-]+$/ }))

const replicateMembers = {
  KeyId: members.neededKeyId,
  ReplicaRegion: region,
  Policy: members.policy,
  BypassPolicyLockoutSafetyCheck: flag,
  Description: members.description,
  Tags: members.tags,
}

export const familyOperations = {
  ReplicateKey: operation(replicateMembers, replicate),
  UpdatePrimaryRegion: operation(
    { KeyId: members.neededKeyId, PrimaryRegion: region },
    movePrimary,
  ),
} as const satisfies Record<string, Operation>

/** What AWS has in state `Creating` for a while is done here when this answers, and says so. */
async function replicate(call: Call, input: Input<typeof replicateMembers>): Promise<Output> {
  const { KeyId, ReplicaRegion, Policy, BypassPolicyLockoutSafetyCheck: bypass = false } = input
  const policy = Policy === undefined ? undefined : { policy: readPolicy(Policy), bypass }
  const tags = readTags(input.Tags ?? [])
  return await onKey(call, KeyId, async (target) => {
    const command = {
      key: target.address,
      region: ReplicaRegion,
      description: input.Description,
      policy,
      tags,
    }
    const made = await serve(call, { fault: primaryFault(target) }, (context) =>
      replicateKey(call.ports, context, command),
    ).catch((error: unknown) => tellReplica(error, target, ReplicaRegion))
    const there = { ...call, place: { ...call.place, region: ReplicaRegion } }
    const replica = foundIn(await findTarget(there, made.id))
    return {
      ReplicaKeyMetadata: renderKey(there, replica),
      ReplicaPolicy: replica.kms?.policy?.text ?? defaultPolicy(call.place.account),
      ReplicaTags: Object.entries(made.tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
    }
  })
}

async function movePrimary(
  call: Call,
  { KeyId, PrimaryRegion }: { readonly KeyId: string; readonly PrimaryRegion: string },
): Promise<undefined> {
  await onKey(call, KeyId, async (target) => {
    const replica = target.found && (await memberOf(call, target.found, PrimaryRegion))
    const command = {
      key: target.address,
      region: PrimaryRegion,
      tell: (error: unknown) => (replica ? keyFaultOf(error, call, replica) : error),
    }
    await serve(call, { fault: primaryFault(target) }, (context) =>
      setPrimaryRegion(call.ports, context, command),
    ).catch((error: unknown) => {
      const isAbsent = error instanceof HsmError && error.code === "NOT_FOUND"
      throw isAbsent && replica ? notFound(call, replica.name) : error
    })
  })
  return undefined
}

/** A key's member in a region, by its name there; shown only after a service has let it. */
async function memberOf(call: Call, { key, place }: KmsKey, region: string): Promise<Target> {
  const there = { ...call, place: { ...place, region } }
  return await findTarget(there, keyArn(there.place, spelled(key)))
}

function tellReplica(error: unknown, target: Target, region: string): never {
  if (!(error instanceof HsmError) || error.code !== "NAME_TAKEN") return tellPolicy(error)
  const { key, place } = foundIn(target)
  const arn = keyArn({ ...place, region }, spelled(key))
  throw new Fault("AlreadyExistsException", `Key ${arn} already exists.`)
}
