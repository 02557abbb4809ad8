/** Encrypt, decrypt, encrypt again; random bytes. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { HsmError } from "../../../domain/errors.ts"
import { decrypt, encrypt } from "../../../service/encrypt.ts"
import { materialIdOf } from "../../../service/kms/material-id.ts"
import { generateRandom } from "../../../service/random.ts"
import { reencrypt } from "../../../service/reencrypt.ts"
import { encryptionFault } from "../algorithms.ts"
import { onCiphertext, readContext, rawOrOwn } from "../ciphertext.ts"
import { keyFaultOf } from "../errors.ts"
import { invalid } from "../fault.ts"
import * as members from "../members.ts"
import { absentStore } from "./key-stores.ts"
import { operation, type Call, type Operation } from "../operation.ts"
import { refuseRecipient } from "../recipient.ts"
import { blob, choice, integer, list, need, text } from "../shapes.ts"
import { findTarget, foundIn, onKey, type Target } from "../target.ts"
import { serve } from "../serve.ts"
import { tellSameKey } from "../told.ts"
import { encryptionAlgorithmNames, encryptionAlgorithms } from "../vocabulary.ts"

const algorithm = choice(encryptionAlgorithmNames)
const plaintext = blob({ min: 1, max: 4_096 })
const ciphertext = blob({ min: 1, max: 6_144 })
const dryRunModifiers = list(choice(["IGNORE_CIPHERTEXT"]))

export const cryptoOperations = {
  Encrypt: operation(
    {
      KeyId: members.neededKeyId,
      Plaintext: need(plaintext),
      EncryptionContext: members.encryptionContext,
      GrantTokens: members.grantTokens,
      EncryptionAlgorithm: algorithm,
      DryRun: members.dryRun,
    },
    async (call, input) => {
      const { EncryptionAlgorithm: name = "SYMMETRIC_DEFAULT" } = input
      return await onKey(call, input.KeyId, async (target) => {
        const { Plaintext: plaintext, DryRun } = input
        const fault = encryptionFault(target, { name, plaintext })
        const command = {
          key: target.address,
          plaintext,
          mechanism: encryptionAlgorithms[name],
          ...rawOrOwn(name, readContext(name, input.EncryptionContext)),
        }
        const sealed = await serve(call, { DryRun, fault }, (context) =>
          encrypt(call.ports, context, command),
        )
        return {
          CiphertextBlob: encodeBase64(sealed.ciphertext),
          KeyId: foundIn(target).arn,
          EncryptionAlgorithm: name,
        }
      })
    },
  ),
  Decrypt: operation(
    {
      CiphertextBlob: ciphertext,
      EncryptionContext: members.encryptionContext,
      GrantTokens: members.grantTokens,
      KeyId: members.keyId,
      EncryptionAlgorithm: algorithm,
      Recipient: members.recipient,
      DryRun: members.dryRun,
      DryRunModifiers: dryRunModifiers,
    },
    async (call, input) => {
      refuseRecipient(input)
      const { EncryptionAlgorithm: name = "SYMMETRIC_DEFAULT", KeyId } = input
      const given = { name, keyId: KeyId, ciphertext: input.CiphertextBlob, ...input }
      return await onCiphertext(call, given, async (target, source) => {
        const fault = encryptionFault(target, { name })
        const opened = await serve(call, { ...input, fault }, (context) =>
          decrypt(call.ports, context, source),
        )
        return {
          KeyId: foundIn(target).arn,
          Plaintext: encodeBase64(opened.plaintext),
          EncryptionAlgorithm: name,
          KeyMaterialId: usedMaterial(call, { name, target, version: opened.version }),
        }
      })
    },
  ),
  ReEncrypt: operation(
    {
      CiphertextBlob: ciphertext,
      SourceEncryptionContext: members.encryptionContext,
      SourceKeyId: members.keyId,
      DestinationKeyId: members.neededKeyId,
      DestinationEncryptionContext: members.encryptionContext,
      SourceEncryptionAlgorithm: algorithm,
      DestinationEncryptionAlgorithm: algorithm,
      GrantTokens: members.grantTokens,
      DryRun: members.dryRun,
      DryRunModifiers: dryRunModifiers,
    },
    async (call, input) => {
      const { SourceEncryptionAlgorithm: from = "SYMMETRIC_DEFAULT" } = input
      const { DestinationEncryptionAlgorithm: to = "SYMMETRIC_DEFAULT" } = input
      const given = {
        name: from,
        keyId: input.SourceKeyId,
        ciphertext: input.CiphertextBlob,
        EncryptionContext: input.SourceEncryptionContext,
        ...input,
      }
      return await onCiphertext(call, given, async (source, sealed) => {
        const target = await findTarget(call, input.DestinationKeyId)
        const fault =
          encryptionFault(source, { name: from }) ?? encryptionFault(target, { name: to })
        const destination = {
          key: target.address,
          mechanism: encryptionAlgorithms[to],
          ...rawOrOwn(to, readContext(to, input.DestinationEncryptionContext)),
        }
        const tell = (error: unknown) => destinationFault(call, target, error)
        const isSame = source.found?.key.id === target.found?.key.id
        const moved = await serve(call, { ...input, fault }, (context) => {
          const told = tellSameKey(context, isSame)
          return reencrypt(call.ports, told, { source: sealed, destination, tell })
        })
        const { version } = moved.source
        const into = { name: to, target, version: moved.destination.version }
        return {
          CiphertextBlob: encodeBase64(moved.destination.ciphertext),
          SourceKeyId: foundIn(source).arn,
          KeyId: foundIn(target).arn,
          SourceEncryptionAlgorithm: from,
          DestinationEncryptionAlgorithm: to,
          SourceKeyMaterialId: usedMaterial(call, { name: from, target: source, version }),
          DestinationKeyMaterialId: usedMaterial(call, into),
        }
      })
    },
  ),
  GenerateRandom: operation(
    {
      NumberOfBytes: integer({ min: 1, max: 1_024 }),
      CustomKeyStoreId: text({ min: 1, max: 64 }),
      Recipient: members.recipient,
    },
    async (call, input) => {
      refuseRecipient(input)
      const { NumberOfBytes: length, CustomKeyStoreId: store } = input
      if (length === undefined) throw invalid("NumberOfBytes is required.")
      if (store !== undefined) {
        throw absentStore(store)
      }
      const bytes = await generateRandom(call.ports, call.context, { length })
      return { Plaintext: encodeBase64(bytes) }
    },
  ),
} as const satisfies Record<string, Operation>

/** AWS tells which material has opened or sealed what is symmetric. */
function usedMaterial(
  { ports }: Call,
  used: { readonly name: string; readonly target: Target; readonly version: number },
): string | undefined {
  const { name, target, version } = used
  return name === "SYMMETRIC_DEFAULT"
    ? materialIdOf(ports, foundIn(target).key, version)
    : undefined
}

/** What a dialect's own fault may still replace is left as it is. */
function destinationFault(call: Call, target: Target, error: unknown): unknown {
  const isMechanism = error instanceof HsmError && error.detail.rule === "mechanism"
  return isMechanism ? error : keyFaultOf(error, call, target)
}
