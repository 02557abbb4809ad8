/** Operations on grants. */

import { accountIdOf } from "../../../codec/account-id.ts"
import { HsmError } from "../../../domain/errors.ts"
import type { KmsGrant } from "../../../domain/kms-grant.ts"
import { limits } from "../../../domain/limits.ts"
import type { DraftParty } from "../../../service/commands.ts"
import { createGrant, retireGrant, revokeGrant } from "../../../service/kms/grants.ts"
import { listGrants, listRetirableGrants } from "../../../service/kms/list-grants.ts"
import { Fault, invalid } from "../fault.ts"
import { checkGrantTokens, newGrantToken, readGrantToken } from "../grant-token.ts"
import * as members from "../members.ts"
import { keyArn, spelled, type Place } from "../names.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { readPrincipal } from "../policy-document.ts"
import { renderTime } from "../render.ts"
import { serve } from "../serve.ts"
import { choice, list, need, structure, text, texts, type Input } from "../shapes.ts"
import { foundIn, onKey, type KmsKey, type Target } from "../target.ts"
import { grantOperations, grantOperationsOf } from "../vocabulary.ts"

const principal = text({ min: 1, max: 256, pattern: /^[\w+=,.@:/-]+$/ })
const servicePrincipal = text({ min: 1, max: 256 })
const arnPattern = /^arn:[\w-]+:[\w-]+:[\w-]*:[0-9]*:.+$/
const grantId = text({ min: 1, max: 128 })
const bounds = { most: 100, usual: 50 } as const

const createMembers = {
  KeyId: members.neededKeyId,
  GranteePrincipal: principal,
  GranteeServicePrincipal: servicePrincipal,
  RetiringPrincipal: principal,
  RetiringServicePrincipal: servicePrincipal,
  Operations: need(list(choice(grantOperations))),
  Constraints: structure({
    EncryptionContextSubset: texts,
    EncryptionContextEquals: texts,
    SourceArn: text({ min: 1, max: 2_048 }),
  }),
  GrantTokens: members.grantTokens,
  Name: text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }),
  DryRun: members.dryRun,
}

export const grantOperationRows = {
  CreateGrant: operation(createMembers, create),
  ListGrants: operation(
    {
      KeyId: members.neededKeyId,
      GrantId: grantId,
      GranteePrincipal: principal,
      GranteeServicePrincipal: servicePrincipal,
      Limit: members.limit,
      Marker: members.marker,
    },
    async (call, input) => {
      refuseServices(input)
      const command = {
        ...pageCommand(call, input, bounds),
        grant: input.GrantId,
        grantee: input.GranteePrincipal,
      }
      return await onKey(call, input.KeyId, async (target) => {
        const found = { ...command, key: target.address }
        const page = await listGrants(call.ports, call.context, found)
        const { arn, place } = foundIn(target)
        return renderPage(call, page, {
          as: "Grants",
          render: (grant) => renderGrant(place, arn, grant),
        })
      })
    },
  ),
  ListRetirableGrants: operation(
    {
      RetiringPrincipal: principal,
      RetiringServicePrincipal: servicePrincipal,
      Limit: members.limit,
      Marker: members.marker,
    },
    async (call, input) => {
      refuseServices(input)
      const { RetiringPrincipal: arn } = input
      if (arn === undefined) throw invalid("RetiringPrincipal is required.")
      const page = await listRetirableGrants(call.ports, call.context, {
        ...pageCommand(call, input, bounds),
        region: call.place.region,
        retiring: partyOf(arn),
      }).catch(tellPrincipal(arn))
      return renderPage(call, page, {
        as: "Grants",
        render: ({ key, grant, owner }) => {
          const place = { ...call.place, account: accountIdOf(owner) }
          return renderGrant(place, keyArn(place, spelled(key)), grant)
        },
      })
    },
  ),
  RetireGrant: operation(
    {
      GrantToken: text({ min: 1, max: 8_192 }),
      KeyId: members.keyId,
      GrantId: grantId,
      DryRun: members.dryRun,
    },
    async (call, { GrantToken, KeyId, GrantId, DryRun }) => {
      await checkGrantTokens(call, GrantToken === undefined ? [] : [GrantToken])
      const { key, grant } = namedGrant(call.place, { GrantToken, KeyId, GrantId })
      await onGrant(call, key, async (target) => {
        const command = { key: target.address, grant }
        await serve(call, { DryRun }, (context) => retireGrant(call.ports, context, command))
      })
      return undefined
    },
  ),
  RevokeGrant: operation(
    { KeyId: members.neededKeyId, GrantId: need(grantId), DryRun: members.dryRun },
    async (call, { KeyId, GrantId, DryRun }) => {
      const grant = readGrantId(GrantId)
      await onGrant(call, KeyId, async (target) => {
        const command = { key: target.address, grant }
        await serve(call, { DryRun }, (context) => revokeGrant(call.ports, context, command))
      })
      return undefined
    },
  ),
} as const satisfies Record<string, Operation>

async function create(call: Call, input: Input<typeof createMembers>): Promise<Output> {
  refuseServices(input)
  const { GranteePrincipal: grantee, RetiringPrincipal: retiring, Operations } = input
  if (grantee === undefined) throw invalid("GranteePrincipal is required.")
  if (Operations.length === 0) throw invalid("A grant has one operation or more.")
  const {
    EncryptionContextEquals: equals,
    EncryptionContextSubset: subset,
    SourceArn: sourceArn,
  } = constraintsOf(input)
  const draft = {
    name: input.Name,
    grantee: partyOf(grantee),
    retiring: retiring === undefined ? undefined : partyOf(retiring),
    operations: Operations,
    equals,
    subset,
    sourceArn,
  }
  return await onGrant(call, input.KeyId, async (target) => {
    const command = { key: target.address, grant: draft }
    const fault = grantFault(target, input)
    const grant = await serve(call, { ...input, fault }, (context) =>
      createGrant(call.ports, context, command),
    ).catch(tellPrincipal(grantee))
    const { key, place } = foundIn(target)
    const named = { account: place.account, keyId: key.id, grant: grant.id }
    const GrantToken = newGrantToken(call, named)
    return { GrantToken, GrantId: grant.id }
  })
}

/** A key by its id or ARN: grants are not on aliases. */
async function onGrant<T>(
  call: Call,
  keyId: string,
  run: (target: Target) => Promise<T>,
): Promise<T> {
  return await onKey(call, keyId, async (target) => {
    if ("alias" in target.name) throw invalid("A grant's key is named by its id or ARN.")
    return await run(target)
  })
}

function constraintsOf({
  Constraints,
}: Input<typeof createMembers>): NonNullable<Input<typeof createMembers>["Constraints"]> {
  const { SourceArn } = Constraints ?? {}
  if (SourceArn !== undefined && !arnPattern.test(SourceArn)) {
    throw new Fault("InvalidArnException", `ARN is not valid: ${SourceArn}`)
  }
  const equals = Constraints?.EncryptionContextEquals
  const subset = Constraints?.EncryptionContextSubset
  // Terraform's provider sends the one that is not meant as well, empty; but one alone, or both,
  // must not be empty: that would be a grant without the constraint that somebody asked for.
  const EncryptionContextEquals = subset === undefined ? equals : pairsOf(equals)
  const EncryptionContextSubset = EncryptionContextEquals === undefined ? subset : pairsOf(subset)
  const both = [EncryptionContextEquals, EncryptionContextSubset].filter((one) => one !== undefined)
  if (both.length > 1) throw invalid("A grant has one encryption context constraint at most.")
  for (const pairs of both) {
    const entries = Object.entries(pairs)
    const length = entries.flat().join("").length
    const isBounded =
      entries.length <= limits.grantPairsMax && length <= limits.grantConstraintLengthMax
    if (entries.length === 0 || !isBounded) {
      throw invalid(
        `A constraint has 1 to ${limits.grantPairsMax} pairs, and at most ` +
          `${limits.grantConstraintLengthMax} characters.`,
      )
    }
  }
  return { EncryptionContextEquals, EncryptionContextSubset, SourceArn }
}

/** Undefined also for no pairs. */
function pairsOf<T extends object>(pairs: T | undefined): T | undefined {
  return pairs === undefined || Object.keys(pairs).length === 0 ? undefined : pairs
}

/** What the key is not made for. */
function grantFault(
  { found }: Target,
  { Operations, Constraints }: Input<typeof createMembers>,
): Fault | undefined {
  if (found === undefined) return undefined
  const odd = Operations.find((one) => !grantOperationsOf(found).includes(one))
  if (odd !== undefined) {
    return invalid(`Grant operation ${odd} is not valid for a key with usage ${usageText(found)}.`)
  }
  const { EncryptionContextEquals, EncryptionContextSubset } = Constraints ?? {}
  const isBound = (EncryptionContextEquals ?? EncryptionContextSubset) !== undefined
  if (!isBound || found.spec === "SYMMETRIC_DEFAULT") return undefined
  return invalid("Encryption context constraints are only valid for symmetric encryption keys.")
}

function usageText({ usage, spec }: KmsKey): string {
  return `${usage} and spec ${spec}`
}

function namedGrant(
  place: Place,
  given: {
    readonly GrantToken: string | undefined
    readonly KeyId: string | undefined
    readonly GrantId: string | undefined
  },
): { readonly key: string; readonly grant: string } {
  const { GrantToken: token, KeyId: key, GrantId: id } = given
  if (token !== undefined && key === undefined && id === undefined) {
    const { account, keyId, grant } = readGrantToken(token)
    if (account === place.account) return { key: keyId, grant }
    return { key: `arn:aws:kms:${place.region}:${account}:key/${keyId}`, grant }
  }
  if (token !== undefined || key === undefined || id === undefined) {
    throw invalid("A grant is named by its token, or by KeyId and GrantId.")
  }
  return { key, grant: readGrantId(id) }
}

function readGrantId(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new Fault("InvalidGrantIdException", `Grant ID ${text} is not valid`)
}

/** Nothing here is done for AWS's own services. */
function refuseServices(input: {
  readonly GranteeServicePrincipal?: string | undefined
  readonly RetiringServicePrincipal?: string | undefined
}): void {
  if ((input.GranteeServicePrincipal ?? input.RetiringServicePrincipal) === undefined) return
  throw invalid("There are no service principals here.")
}

function partyOf(arn: string): DraftParty {
  let read: ReturnType<typeof readPrincipal> | undefined
  try {
    read = readPrincipal(arn)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
  if (read === undefined || read.kind === "any") throw invalidArn(arn)
  return { arn, principal: read }
}

function invalidArn(arn: string): Fault {
  return new Fault("InvalidArnException", `ARN does not refer to a valid principal: ${arn}`)
}

function tellPrincipal(arn: string): (error: unknown) => never {
  return (error) => {
    const isHim = error instanceof HsmError && error.detail.field === "/principal"
    throw isHim ? invalidArn(arn) : error
  }
}

/** @param place - of the key. */
function renderGrant({ account }: Place, key: string, grant: KmsGrant): Output {
  const { id, name, grantee, retiring, operations, issuer, createdAt } = grant
  const { equals, subset, sourceArn } = grant
  const Constraints =
    (equals ?? subset ?? sourceArn) === undefined
      ? undefined
      : {
          EncryptionContextEquals: equals,
          EncryptionContextSubset: subset,
          SourceArn: sourceArn,
        }
  return {
    KeyId: key,
    GrantId: id,
    Name: name,
    CreationDate: renderTime(createdAt),
    GranteePrincipal: grantee.arn,
    RetiringPrincipal: retiring?.arn,
    IssuingAccount: `arn:aws:iam::${issuer === undefined ? account : accountIdOf(issuer)}:root`,
    Operations: operations,
    Constraints,
  }
}
