/** Keys that leave and come wrapped under others. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { HsmError } from "../../../domain/errors.ts"
import type { UnwrapKeyCommand } from "../../../service/commands.ts"
import { exportKey } from "../../../service/export-key.ts"
import { describeKey } from "../../../service/read-key.ts"
import { unwrapKey } from "../../../service/unwrap-key.ts"
import { Fault, invalid } from "../fault.ts"
import { wholeKey } from "../labels.ts"
import { creating, operation, type Call, type Operation } from "../operation.ts"
import { policy, rulesOf } from "../policy.ts"
import { checkRequestSignature, requestSignature } from "../request-signature.ts"
import { algorithmsInside, checkFamily, wrapMethodOf } from "../wrap-methods.ts"
import { bytes, count, list, need, object, password, text } from "../../shapes.ts"
import { attributes, refusePassword, usagesOf } from "./keys.ts"
import { ask } from "./requests.ts"
import { refuseUnserved } from "./use.ts"

const wrapKeyRequest = object({
  keyToBeWrapped: need(text),
  keyToBeWrappedPassword: password,
  wrapKeyName: need(text),
  wrapKeyPassword: password,
  wrapMethod: need(text),
})

/** `algorithm`, `curveOid` and `keySize` are ours: the original's say no more than the method. */
const unwrapKeyRequest = object({
  wrappedKey: need(bytes),
  label: need(text),
  attributes: need(attributes),
  unwrapKeyName: need(text),
  unwrapKeyPassword: password,
  wrapMethod: need(text),
  algorithm: text,
  curveOid: text,
  keySize: count,
  policy,
  signedApprovals: list(bytes),
})

export const wrapRoutes = {
  "POST /wrap": operation(
    { wrapKeyRequest: need(wrapKeyRequest) },
    async ({ ports, context }, { wrapKeyRequest: input }) => {
      refusePassword(input.keyToBeWrappedPassword)
      refusePassword(input.wrapKeyPassword)
      const { mechanism } = wrapMethodOf(input.wrapMethod)
      const key = await describeKey(ports, context, {
        key: wholeKey(input.keyToBeWrapped, noPaths),
      })
      checkFamily(input.wrapMethod, key.algorithm)
      const wrappingKey = wholeKey(input.wrapKeyName, noPaths)
      const exporting = exportKey(ports, context, { key: key.id, wrappingKey, mechanism })
      const { material } = await telling(exporting)
      return { wrappedKey: encodeBase64(material) }
    },
  ),
  "POST /unwrap": creating(
    operation({ unwrapKeyRequest: need(unwrapKeyRequest), requestSignature }, async (call, all) => {
      const { unwrapKeyRequest: input } = all
      checkRequestSignature(call, "unwrapKeyRequest", all.requestSignature)
      if (input.policy !== undefined) throw invalid("policy goes with /synchronousUnwrap alone")
      const asked = { operation: "key.unwrap", parameters: await unwrapping(call, input) } as const
      return { unwrapRequestId: await telling(ask(call, asked)) }
    }),
  ),
  "POST /synchronousUnwrap": creating(
    operation(
      { unwrapKeyRequest: need(unwrapKeyRequest) },
      async (call, { unwrapKeyRequest: input }) => {
        const command = await unwrapping(call, input)
        await telling(unwrapKey(call.ports, call.context, command))
        return undefined
      },
    ),
  ),
} as const satisfies Record<string, Operation>

/** @throws Fault. */
async function unwrapping(
  call: Call,
  input: ReturnType<typeof unwrapKeyRequest.read>,
): Promise<UnwrapKeyCommand> {
  refuseUnserved({ keyPassword: input.unwrapKeyPassword, signedApprovals: input.signedApprovals })
  const { mechanism } = wrapMethodOf(input.wrapMethod)
  const [algorithm, ...others] = algorithmsInside(input.wrapMethod, input)
  const { extractable = false, sensitive = true, ...rest } = input.attributes
  if (extractable || !sensitive) {
    const why = "whoever wrapped a key may know it: here it is sensitive, and never leaves again"
    throw new Fault("key.attributes.invalid", why)
  }
  const { modifiable = true, destroyable = false, copyable = false } = rest
  return {
    unwrappingKey: wholeKey(input.unwrapKeyName, noPaths),
    mechanism,
    wrapped: input.wrappedKey,
    name: input.label,
    algorithm,
    ...(others.length === 0 ? {} : { orAlgorithms: others }),
    usages: usagesOf(rest, algorithm),
    modifiable,
    destroyable,
    copyable,
    ...(input.policy === undefined ? {} : { rules: await rulesOf(call, input.policy) }),
  }
}

const noPaths = "keys of a seed's paths neither wrap nor are wrapped"

/** What the original allows and Keyhold does not, by the rule that refuses it. */
const reasons: Readonly<Record<string, string>> = {
  usage: "no key holds wrap together with decrypt here, nor unwrap together with encrypt",
  attribute: "what is wrapped is extractable; what wraps, an officer trusts in Keyhold's own API",
  template: "what is unwrapped does what the unwrapping key's template admits",
}

async function telling<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const rule = error instanceof HsmError ? error.detail.rule : undefined
    const why = rule === undefined || !Object.hasOwn(reasons, rule) ? undefined : reasons[rule]
    if (why === undefined || !(error instanceof HsmError)) throw error
    throw new Fault("operation.forbidden.for.key", `${error.message}: ${why}`)
  }
}
