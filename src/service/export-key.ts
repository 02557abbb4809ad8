/** Export: in the clear where key and partition both allow it, else wrapped under a trusted key. */

import { HsmError } from "../domain/errors.ts"
import { keyAlgorithm } from "../domain/algorithms.ts"
import { currentVersion } from "../domain/key.ts"
import { exportMaterial } from "../engine/export.ts"
import { wrapMaterial } from "../engine/wrap.ts"
import { keyOf, mechanismOf, perform } from "./act.ts"
import type { Context, ExportKeyCommand, ExportKeyResult } from "./commands.ts"
import type { Ports } from "./ports.ts"

/**
 * Exports one version of an extractable key.
 *
 * @throws HsmError OPERATION_FORBIDDEN: the partition's flag is off, the key is not extractable, is
 * sensitive (in the clear), or the wrapping key is not one that officers trust; KEY_NOT_FOUND;
 * MALFORMED_REQUEST for a mechanism that does not wrap keys of this length.
 */
export async function exportKey(
  ports: Ports,
  context: Context,
  command: ExportKeyCommand,
): Promise<ExportKeyResult> {
  const { key: ref, version: wanted, wrappingKey, mechanism: chosen } = command
  if (chosen !== undefined && wrappingKey === undefined) {
    throw new HsmError("MALFORMED_REQUEST", "goes with wrappingKey", { field: "/mechanism" })
  }
  const operation = wrappingKey === undefined ? "key.export-plain" : "key.export-wrapped"
  return await perform(ports, context, { operation, key: ref, version: wanted }, async (act) => {
    const key = keyOf(act)
    const found = key.versions.find(({ version }) => version === wanted) ?? currentVersion(key)
    if (found?.hasSecret !== true) throw new HsmError("KEY_STATE", "only the public half is here")
    const { version } = found
    const handle = await ports.keys.open(key, version)
    const format = keyAlgorithm(key.algorithm).form === "secret" ? "raw" : "pkcs8"
    const about = { keyId: key.id, version, format } as const
    if (wrappingKey === undefined) {
      using material = exportMaterial(act.permit, handle)
      return { ...about, material: material.lend((bytes) => new Uint8Array(bytes)) }
    }
    return await perform(
      ports,
      context,
      { operation: "key.wrap", key: wrappingKey, mechanism: chosen },
      async (by) => {
        const target = keyOf(by)
        const under = currentVersion(target)?.version ?? 0
        const mechanism = mechanismOf(by)
        const wrapping = await ports.keys.open(target, under)
        const material = await wrapMaterial(
          { target: act.permit, wrap: by.permit },
          { target: handle, wrapping, mechanism },
        )
        return { ...about, material, wrappedBy: { keyId: target.id, version: under, mechanism } }
      },
    )
  })
}
