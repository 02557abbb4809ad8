/** Operations on material that its owner brings along. */

import { encodeBase64 } from "../../../codec/base64.ts"
import type { KeyAlgorithmId, MechanismId } from "../../../domain/algorithms.ts"
import { HsmError } from "../../../domain/errors.ts"
import type { Instant } from "../../../domain/ids.ts"
import { deleteMaterial } from "../../../service/kms/delete-material.ts"
import { importMaterial, importParameters } from "../../../service/kms/import-material.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Operation } from "../operation.ts"
import { renderTime } from "../render.ts"
import { serve } from "../serve.ts"
import { blob, choice, need, text, timestamp } from "../shapes.ts"
import { foundIn, onKey, originFault, primaryFault, specFault, type Target } from "../target.ts"

/** Pairs that material is wrapped under. */
const wrappingSpecs = {
  RSA_2048: "RSA_2048",
  RSA_3072: "RSA_3072",
  RSA_4096: "RSA_4096",
} as const satisfies Record<string, KeyAlgorithmId>

const wrappingAlgorithms = {
  RSAES_OAEP_SHA_1: "RSA_OAEP_WRAP_SHA_1",
  RSAES_OAEP_SHA_256: "RSA_OAEP_WRAP_SHA_256",
  RSA_AES_KEY_WRAP_SHA_1: "RSA_AES_KWP_SHA_1",
  RSA_AES_KEY_WRAP_SHA_256: "RSA_AES_KWP_SHA_256",
} as const satisfies Record<string, MechanismId>

const importTypes = { NEW_KEY_MATERIAL: "new", EXISTING_KEY_MATERIAL: "existing" } as const

const materialId = text({ min: 64, max: 64, pattern: /^[a-f0-9]+$/ })

export const importOperations = {
  GetParametersForImport: operation(
    {
      KeyId: members.neededKeyId,
      WrappingAlgorithm: need(
        choice([
          "RSAES_PKCS1_V1_5",
          "RSAES_OAEP_SHA_1",
          "RSAES_OAEP_SHA_256",
          "RSA_AES_KEY_WRAP_SHA_1",
          "RSA_AES_KEY_WRAP_SHA_256",
          "SM2PKE",
        ]),
      ),
      WrappingKeySpec: need(choice(["RSA_2048", "RSA_3072", "RSA_4096", "SM2"])),
    },
    async (call, { KeyId, WrappingAlgorithm: wrapping, WrappingKeySpec: spec }) => {
      if (wrapping === "RSAES_PKCS1_V1_5" || wrapping === "SM2PKE" || spec === "SM2") {
        throw new Fault("UnsupportedOperationException", `${wrapping} with ${spec} is not served.`)
      }
      return await onKey(call, KeyId, async (target) => {
        const command = {
          key: target.address,
          algorithm: wrappingSpecs[spec],
          mechanism: wrappingAlgorithms[wrapping],
        }
        const made = await serve(call, { fault: originFault(target, "EXTERNAL") }, (context) =>
          importParameters(call.ports, context, command),
        )
        return {
          KeyId: foundIn(target).arn,
          ImportToken: encodeBase64(made.token),
          PublicKey: encodeBase64(made.publicKey),
          ParametersValidTo: renderTime(made.validTo),
        }
      })
    },
  ),
  ImportKeyMaterial: operation(
    {
      KeyId: members.neededKeyId,
      ImportToken: need(blob({ min: 1, max: 6_144 })),
      EncryptedKeyMaterial: need(blob({ min: 1, max: 6_144 })),
      ValidTo: timestamp,
      ExpirationModel: choice(["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"]),
      ImportType: choice(["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"]),
      KeyMaterialDescription: text({ max: 256, pattern: /^[a-zA-Z0-9:/_\s.-]+$/ }),
      KeyMaterialId: materialId,
    },
    async (call, input) => {
      const validTo = readValidTo(input)
      const { ImportType: type, KeyMaterialId: id, KeyMaterialDescription: said } = input
      return await onKey(call, input.KeyId, async (target) => {
        const fault = originFault(target, "EXTERNAL") ?? materialFault(target, input)
        const command = {
          key: target.address,
          token: input.ImportToken,
          wrapped: input.EncryptedKeyMaterial,
          validTo,
          importType: type && importTypes[type],
          materialId: id,
          description: said,
        }
        const { materialId } = await serve(call, { fault }, (context) =>
          importMaterial(call.ports, context, command).catch(tellImport),
        )
        return { KeyId: foundIn(target).arn, KeyMaterialId: materialId }
      })
    },
  ),
  DeleteImportedKeyMaterial: operation(
    { KeyId: members.neededKeyId, KeyMaterialId: materialId },
    async (call, { KeyId, KeyMaterialId: id }) =>
      await onKey(call, KeyId, async (target) => {
        const fault = originFault(target, "EXTERNAL")
        const done = await serve(call, { fault }, (context) =>
          deleteMaterial(call.ports, context, { key: target.address, materialId: id }),
        )
        return { KeyId: foundIn(target).arn, KeyMaterialId: done.materialId }
      }),
  ),
} as const satisfies Record<string, Operation>

/** AWS lets material expire unless its importer says otherwise. */
function readValidTo({
  ValidTo,
  ExpirationModel: model = "KEY_MATERIAL_EXPIRES",
}: {
  readonly ValidTo: Instant | undefined
  readonly ExpirationModel: "KEY_MATERIAL_EXPIRES" | "KEY_MATERIAL_DOES_NOT_EXPIRE" | undefined
}): Instant | undefined {
  const expires = model === "KEY_MATERIAL_EXPIRES"
  if (expires === (ValidTo !== undefined)) return ValidTo
  throw invalid(
    expires
      ? "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
      : "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
  )
}

/** Only keys that encrypt have more than one material; another one is brought to a primary. */
function materialFault(
  target: Target,
  input: {
    readonly ImportType: keyof typeof importTypes | undefined
    readonly KeyMaterialDescription: string | undefined
    readonly KeyMaterialId: string | undefined
  },
): Fault | undefined {
  const { found } = target
  if (found === undefined) return undefined
  const { ImportType: type, KeyMaterialDescription: said, KeyMaterialId: id } = input
  const isAbout = type !== undefined || said !== undefined || id !== undefined
  const fault = isAbout ? specFault(found) : undefined
  if (fault !== undefined) return fault
  if (type !== "NEW_KEY_MATERIAL") return undefined
  if (id !== undefined) return invalid("KeyMaterialId is not for NEW_KEY_MATERIAL.")
  return found.family === undefined ? undefined : primaryFault(target)
}

/** Tokens and material have exceptions of their own. */
function tellImport(error: unknown): never {
  if (!(error instanceof HsmError)) throw error
  const { code, message, detail } = error
  const late = code === "KEY_STATE"
  switch (detail.field) {
    case "/importToken":
      throw new Fault(late ? "ExpiredImportTokenException" : "InvalidImportTokenException", message)
    case "/material":
      throw new Fault("IncorrectKeyMaterialException", message)
    case "/importType":
      throw late ? new Fault("KMSInvalidStateException", message) : invalid(message)
    case "/materialId":
    case "/validTo":
      throw invalid(message)
    default:
      throw error
  }
}
