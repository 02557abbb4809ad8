/**
 * Key policy documents, read strictly: what Keyhold does not judge by is refused, since a condition
 * that is passed over would let in whom it was to keep out.
 */

import { CodecError } from "../../codec/error.ts"
import { parseArn } from "../../codec/user-arn.ts"
import { parseJson, type JsonObject, type JsonValue } from "../../codec/json.ts"
import { limits } from "../../domain/limits.ts"
import type { DraftPrincipal, PolicyDraft } from "../../service/commands.ts"
import { meansAction } from "../../service/kms/actions.ts"
import { Fault } from "./fault.ts"
import { readConditions } from "./policy-conditions.ts"
import { listOf, malformed, objectOf, textsOf } from "./policy-json.ts"

const versions: readonly JsonValue[] = ["2012-10-17", "2008-10-17"]
type Statement = PolicyDraft["statements"][number]

/** What AWS gives a key that is made without a policy: the account's own rules say who. */
export function defaultPolicy(account: string): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::${account}:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

/**
 * Reads a policy.
 *
 * @throws {@link Fault} MalformedPolicyDocumentException; LimitExceededException for more than
 * limits.keyPolicyBytesMax.
 */
export function readPolicy(text: string): PolicyDraft {
  const bytes = Buffer.from(text)
  if (bytes.length > limits.keyPolicyBytesMax) {
    throw new Fault("LimitExceededException", "The policy is longer than 32 kilobytes.")
  }
  const document = objectOf(parse(bytes), "The policy")
  onlyKnown(document, ["Version", "Id", "Statement"], "The policy")
  const { Version: version = "2008-10-17", Id: id = "" } = document
  if (!versions.includes(version)) throw malformed("Version is 2012-10-17 or 2008-10-17.")
  if (typeof id !== "string") throw malformed("Id is a text.")
  const statements = listOf(document["Statement"]).map(readStatement)
  if (statements.length === 0) throw malformed("The policy has no statement.")
  return { text, statements }
}

function readStatement(value: JsonValue): Statement {
  const statement = objectOf(value, "A statement")
  const members = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]
  onlyKnown(statement, members, "A statement")
  const { Sid: sid = "", Effect: effect, Resource: resource } = statement
  if (typeof sid !== "string") throw malformed("Sid is a text.")
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Effect is Allow or Deny.")
  if (textsOf(resource, "Resource").some((one) => one !== "*")) {
    throw malformed('Resource is "*" in a key policy: the key itself.')
  }
  return {
    effect: effect === "Allow" ? "allow" : "deny",
    principals: readPrincipals(statement["Principal"]),
    actions: textsOf(statement["Action"], "Action").map(readAction),
    conditions: readConditions(statement["Condition"] ?? {}),
  }
}

function readAction(text: string): string {
  const action = text.toLowerCase()
  if (action === "*") return action
  const name = action.startsWith("kms:") ? action.slice("kms:".length) : ""
  if (!name.includes("?") && meansAction(name)) return name
  throw malformed(`Action ${text} is not known here.`)
}

function readPrincipals(value: JsonValue | undefined): readonly DraftPrincipal[] {
  if (value === "*") return [{ kind: "any" }]
  const named = objectOf(value ?? null, "Principal")
  onlyKnown(named, ["AWS"], "Principal")
  return textsOf(named["AWS"], "Principal").map(readPrincipal)
}

/** @throws {@link Fault} MalformedPolicyDocumentException also for a role: there is none here. */
export function readPrincipal(text: string): DraftPrincipal {
  if (text === "*") return { kind: "any" }
  const named = parseArn(text)
  if (named !== undefined) return named
  throw invalidPrincipal()
}

export function invalidPrincipal(): Fault {
  return malformed("Policy contains a statement with one or more invalid principals.")
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes, limits.jsonDepthMax)
  } catch (error) {
    if (error instanceof CodecError) throw malformed(`The policy ${error.message}.`)
    throw error
  }
}

function onlyKnown(value: JsonObject, known: readonly string[], what: string): void {
  const odd = Object.keys(value).find((name) => !known.includes(name))
  if (odd !== undefined) throw malformed(`${what} has a member that is not supported: ${odd}.`)
}
