/** Seeds that come from outside, and children that live on without theirs. */

import { childAlgorithm } from "../../../domain/algorithms.ts"
import { importKey } from "../../../service/create-key.ts"
import { deriveChild } from "../../../service/derived.ts"
import { describeKey } from "../../../service/read-key.ts"
import { renderKey } from "../attributes.ts"
import { Fault } from "../fault.ts"
import { wholeKey } from "../labels.ts"
import { creating, operation, type Operation } from "../operation.ts"
import { policy } from "../policy.ts"
import { bytes, need, password, text } from "../../shapes.ts"
import { curveWord } from "../vocabulary.ts"
import { attributes, refusePassword, templateOf, usagesOf } from "./keys.ts"

export const seedRoutes = {
  "POST /importedKey": creating(
    operation(
      {
        label: need(text),
        password,
        seed: need(bytes),
        curveOid: need(text),
        attributes: need(attributes),
        policy,
      },
      async (call, { seed, attributes: given, ...input }) => {
        const { slip10 = false } = given
        const template = await templateOf(call, {
          ...input,
          algorithm: curveWord(input.curveOid),
          keySize: undefined,
          // A seed is nothing else.
          attributes: { ...given, derive: true, bip32: !slip10 },
        })
        const command = { ...template, format: "raw", material: seed } as const
        return await renderKey(call, await importKey(call.ports, call.context, command))
      },
    ),
  ),
  "POST /derivedKey": creating(
    operation(
      {
        masterKeyLabel: need(text),
        masterKeyPassword: password,
        derivationPath: need(text),
        // Ours: the original has no name but the path.
        label: text,
        attributes,
      },
      async (call, input) => {
        refusePassword(input.masterKeyPassword)
        const { ports, context } = call
        const why = "masterKeyLabel is that of a seed, without a path"
        const key = wholeKey(input.masterKeyLabel, why)
        const { algorithm } = await describeKey(ports, context, { key })
        const child = childAlgorithm(algorithm)
        if (child === undefined) {
          throw new Fault("operation.forbidden.for.key", "the key has no children")
        }
        const below = input.derivationPath.replace(/^m?\//, "")
        const { extractable, modifiable, destroyable = false, copyable } = input.attributes ?? {}
        if (extractable === true) {
          throw new Fault("key.attributes.invalid", "a derived key never leaves")
        }
        const made = await deriveChild(ports, context, {
          key,
          path: `m/${below}`,
          name: input.label ?? nameOfChild(key, below),
          usages: usagesOf(input.attributes ?? {}, child),
          modifiable,
          destroyable,
          copyable,
        })
        return await renderKey(call, made)
      },
    ),
  ),
} as const satisfies Record<string, Operation>

/** `master`, `44'/0'` -> `master:44h:0h`: names of keys have no slash, which begins a path. */
function nameOfChild(master: string, path: string): string {
  return `${master}:${path.replaceAll("'", "h").replaceAll("/", ":")}`
}
