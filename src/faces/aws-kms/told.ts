/** What a request says that keys' policies may have conditions on. */

import type { Context, Told } from "../../service/commands.ts"
import type { Call } from "./operation.ts"

const usualDays = 30
const aliasPattern = /^(?:alias\/|arn:[^/]*:alias\/)/

/** The call with what it says, in the words of policies; `input` is what has been read of it. */
export function tell(call: Call, input: Readonly<Record<string, unknown>>): Call {
  return { ...call, context: { ...call.context, ...toldBy(call.name, input) } }
}

function toldBy(
  name: string,
  input: Readonly<Record<string, unknown>>,
): Pick<Context, "told" | "toldOf"> {
  const told: Told = {
    action: name.toLowerCase(),
    encryptionContext: contextIn(input["EncryptionContext"]),
    alias: aliasIn(input["KeyId"]),
    windowDays: name === "ScheduleKeyDeletion" ? daysIn(input["PendingWindowInDays"]) : undefined,
    bypass: input["BypassPolicyLockoutSafetyCheck"] === true,
  }
  if (name !== "ReEncrypt") return { told }
  // Two keys, each asked for its part.
  const decrypt: Told = {
    ...told,
    action: "reencryptfrom",
    encryptionContext: contextIn(input["SourceEncryptionContext"]),
    alias: aliasIn(input["SourceKeyId"]),
  }
  const encrypt: Told = {
    ...told,
    action: "reencryptto",
    encryptionContext: contextIn(input["DestinationEncryptionContext"]),
    alias: aliasIn(input["DestinationKeyId"]),
  }
  return { toldOf: { "key.decrypt": decrypt, "key.encrypt": encrypt } }
}

function contextIn(value: unknown): Told["encryptionContext"] {
  return (value ?? {}) as Told["encryptionContext"] // Its shape has read it: texts by text.
}

function daysIn(value: unknown): number {
  return typeof value === "number" ? value : usualDays
}

/** With its prefix, of an alias or its ARN. */
function aliasIn(value: unknown): string | undefined {
  if (typeof value !== "string" || !aliasPattern.test(value)) return undefined
  return value.slice(value.indexOf("alias/"))
}
