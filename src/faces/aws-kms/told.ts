/** What a request says that keys' policies may have conditions on. */

import type { Context, Told } from "../../service/commands.ts"
import { requestTagStart } from "../../service/kms/condition-keys.ts"
import type { Call } from "./operation.ts"

const usualDays = 30
const usualPeriodDays = 365
const aliasPattern = /^(?:alias\/|arn:[^/]*:alias\/)/
type Given = Readonly<Record<string, unknown>>

/** The call with what it says, in the words of policies; `input` is what has been read of it. */
export function tell(call: Call, input: Given): Call {
  return { ...call, context: { ...call.context, ...toldBy(call, input) } }
}

/** What ReEncrypt says once its ciphertext was looked at: whether it stays with its key. */
export function tellSameKey({ toldOf = {}, ...context }: Context, isSame: boolean): Context {
  const told = Object.entries(toldOf).map(([id, one]) => {
    const values = { ...one.values, "kms:reencryptonsamekey": [String(isSame)] }
    return [id, { ...one, values }]
  })
  return { ...context, toldOf: Object.fromEntries(told) as typeof toldOf } // The same ids.
}

function toldBy({ name, place }: Call, input: Given): Pick<Context, "told" | "toldOf"> {
  const of = rows[name] ?? (() => ({}))
  const { region } = place
  if (name !== "ReEncrypt") {
    const about = { context: input["EncryptionContext"], key: input["KeyId"], region }
    return {
      told: { ...toldOf(name, about, { ...of(input), ...tagKeys(input) }), ...tagsIn(input) },
    }
  }
  // Two keys, each asked for its part.
  const from = { context: input["SourceEncryptionContext"], key: input["SourceKeyId"], region }
  const into = { context: input["DestinationEncryptionContext"], key: input["DestinationKeyId"] }
  const [source, destination] = ["SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm"]
  const decrypt = toldOf("ReEncryptFrom", from, encryption(input[source]))
  const encrypt = toldOf("ReEncryptTo", { ...into, region }, encryption(input[destination]))
  return { toldOf: { "key.decrypt": decrypt, "key.encrypt": encrypt } }
}

function toldOf(
  name: string,
  { context, key, region }: { readonly context: unknown; key: unknown; region: string },
  values: Readonly<Record<string, unknown>>,
): Told {
  const encryptionContext = (context ?? {}) as Told["encryptionContext"] // Read by its shape.
  const always = { "aws:requestedregion": region, "kms:requestalias": aliasIn(key) }
  const all = Object.entries({ ...values, ...always })
  return {
    action: name.toLowerCase(),
    encryptionContext,
    values: Object.fromEntries(
      all
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : [String(value)]]),
    ),
  }
}

/** Condition keys of single operations, by what their input says or goes without saying. */
const rows: Readonly<Record<string, (input: Given) => Given>> = {
  Encrypt: encryptionOf,
  Decrypt: encryptionOf,
  GenerateDataKey: () => encryption(undefined),
  GenerateDataKeyWithoutPlaintext: () => encryption(undefined),
  GenerateDataKeyPair: dataKeyPair,
  GenerateDataKeyPairWithoutPlaintext: dataKeyPair,
  Sign: signing,
  Verify: signing,
  GenerateMac: ({ MacAlgorithm: mac }) => ({ "kms:macalgorithm": mac }),
  VerifyMac: ({ MacAlgorithm: mac }) => ({ "kms:macalgorithm": mac }),
  DeriveSharedSecret: ({ KeyAgreementAlgorithm: agreement }) => ({
    "kms:keyagreementalgorithm": agreement,
  }),
  GetParametersForImport: ({ WrappingAlgorithm, WrappingKeySpec }) => ({
    "kms:wrappingalgorithm": WrappingAlgorithm,
    "kms:wrappingkeyspec": WrappingKeySpec,
  }),
  ImportKeyMaterial: ({ ExpirationModel: model = "KEY_MATERIAL_EXPIRES", ValidTo }) => ({
    "kms:expirationmodel": model,
    "kms:validto": typeof ValidTo === "number" ? new Date(ValidTo).toISOString() : undefined,
  }),
  EnableKeyRotation: ({ RotationPeriodInDays: days = usualPeriodDays }) => ({
    "kms:rotationperiodindays": days,
  }),
  ScheduleKeyDeletion: ({ PendingWindowInDays: days = usualDays }) => ({
    "kms:schedulekeydeletionpendingwindowindays": days,
  }),
  CreateKey: bypass,
  ReplicateKey: (input) => ({ ...bypass(input), "kms:replicaregion": input["ReplicaRegion"] }),
  UpdatePrimaryRegion: ({ PrimaryRegion: region }) => ({ "kms:primaryregion": region }),
  PutKeyPolicy: bypass,
  CreateGrant: ({ Operations, GranteePrincipal, RetiringPrincipal, Constraints }) => ({
    "kms:grantoperations": Operations,
    "kms:granteeprincipal": GranteePrincipal,
    "kms:retiringprincipal": RetiringPrincipal,
    "kms:grantconstrainttype": constraintIn(Constraints),
    "kms:grantconstraintsourcearn": sourceIn(Constraints),
    ...forNoService(),
  }),
  ListGrants: forNoService,
  RevokeGrant: forNoService,
}

function encryptionOf({ EncryptionAlgorithm: algorithm }: Given): Given {
  return encryption(algorithm)
}

function encryption(algorithm: unknown): Given {
  return { "kms:encryptionalgorithm": algorithm ?? "SYMMETRIC_DEFAULT" }
}

function dataKeyPair({ KeyPairSpec: spec }: Given): Given {
  return { ...encryption(undefined), "kms:datakeypairspec": spec }
}

function signing({ SigningAlgorithm: algorithm, MessageType: type = "RAW" }: Given): Given {
  return { "kms:signingalgorithm": algorithm, "kms:messagetype": type }
}

/** Tags that a request brings. */
function tagsIn({ Tags }: Given): Pick<Told, "pairs"> {
  return { pairs: { [requestTagStart]: Object.fromEntries(pairsIn(Tags)) } }
}

/** Names of the tags that it brings, or takes away. */
function tagKeys({ Tags, TagKeys }: Given): Given {
  const names = TagKeys ?? pairsIn(Tags).map(([name]) => name)
  return Array.isArray(names) && names.length > 0 ? { "aws:tagkeys": names } : {}
}

function pairsIn(tags: unknown): readonly (readonly [string, string])[] {
  // Read by its shape.
  const list = (tags ?? []) as readonly { readonly TagKey: string; readonly TagValue: string }[]
  return list.map(({ TagKey, TagValue }) => [TagKey, TagValue])
}

function bypass({ BypassPolicyLockoutSafetyCheck: asked }: Given): Given {
  return { "kms:bypasspolicylockoutsafetycheck": asked === true }
}

/** None of AWS's services asks here. */
function forNoService(): Given {
  return { "kms:grantisforawsresource": false }
}

/** Of the encryption context, where that is constrained too: the operation refuses two of it. */
function constraintIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const kinds = Object.entries(value).filter(([, one]) => one !== undefined)
  const names = kinds.map(([name]) => name)
  return names.find((name) => name !== "SourceArn") ?? names[0]
}

function sourceIn(value: unknown): unknown {
  return typeof value === "object" && value !== null && "SourceArn" in value
    ? value.SourceArn
    : undefined
}

/** With its prefix, of an alias or its ARN. */
function aliasIn(value: unknown): string | undefined {
  if (typeof value !== "string" || !aliasPattern.test(value)) return undefined
  return value.slice(value.indexOf("alias/"))
}
