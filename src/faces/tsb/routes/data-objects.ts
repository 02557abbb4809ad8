/** Data objects: kept, read, deleted. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { HsmError } from "../../../domain/errors.ts"
import {
  createDataObject,
  deleteDataObject,
  readDataObject,
} from "../../../service/data-objects.ts"
import { bytes, flag, need, object, text } from "../../shapes.ts"
import { Fault } from "../fault.ts"
import { bare, creating, operation, type Operation } from "../operation.ts"

/** As the original makes them unless they say otherwise. */
const usual = { private: true, modifiable: true, destroyable: true }

export const dataObjectRoutes = {
  "POST /dataObject": creating(
    operation(
      {
        name: need(text),
        value: need(bytes),
        attributes: object({ private: flag, modifiable: flag, destroyable: flag }),
      },
      async ({ ports, context }, { name, value, attributes = {} }) => {
        const wanted = {
          private: attributes.private ?? usual.private,
          modifiable: attributes.modifiable ?? usual.modifiable,
          destroyable: attributes.destroyable ?? usual.destroyable,
        }
        await createDataObject(ports, context, { name, value, attributes: wanted }).catch(tell)
        return undefined
      },
    ),
  ),
  "GET /dataObject/{}": bare(async ({ ports, context, parameter }) => {
    const { name, value, attributes } = await readDataObject(ports, context, parameter).catch(tell)
    return { name, value: encodeBase64(value), attributes }
  }),
  "DELETE /dataObject/{}": bare(async ({ ports, context, parameter }) => {
    await deleteDataObject(ports, context, parameter).catch(tell)
    return undefined
  }),
} as const satisfies Record<string, Operation>

/** The numbers that the dialect has for objects. */
function tell(error: unknown): never {
  if (error instanceof HsmError && error.code === "NAME_TAKEN") {
    throw new Fault("data.object.already.existing", "there is a data object of this name")
  }
  if (error instanceof HsmError && error.code === "NOT_FOUND") {
    throw new Fault("data.object.not.existent", error.message)
  }
  throw error
}
