/** Data keys and data key pairs: made here, sealed under a key, and given away. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { generateDataKey, generateDataKeyPair } from "../../../service/data-key.ts"
import { specRow } from "../../../service/kms/key-specs.ts"
import { materialIdOf } from "../../../service/kms/material-id.ts"
import { encryptionFault } from "../algorithms.ts"
import { readContext } from "../ciphertext.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { refuseRecipient } from "../recipient.ts"
import { serve } from "../serve.ts"
import { choice, integer, need, type Input } from "../shapes.ts"
import { foundIn, onKey } from "../target.ts"
import { dataKeyPairSpecs, encryptionAlgorithms, unsupportedSpecs } from "../vocabulary.ts"

const name = "SYMMETRIC_DEFAULT"

const dataKeyMembers = {
  KeyId: members.neededKeyId,
  EncryptionContext: members.encryptionContext,
  NumberOfBytes: integer({ min: 1, max: 1_024 }),
  KeySpec: choice(["AES_256", "AES_128"]),
  GrantTokens: members.grantTokens,
  DryRun: members.dryRun,
}

const pairMembers = {
  KeyId: members.neededKeyId,
  EncryptionContext: members.encryptionContext,
  KeyPairSpec: need(choice([...dataKeyPairSpecs, ...unsupportedSpecs])),
  GrantTokens: members.grantTokens,
  DryRun: members.dryRun,
}

export const dataKeyOperations = {
  GenerateDataKey: operation(
    { ...dataKeyMembers, Recipient: members.recipient },
    async (call, input) => {
      refuseRecipient(input)
      return await dataKey(call, input, true)
    },
  ),
  GenerateDataKeyWithoutPlaintext: operation(dataKeyMembers, async (call, input) =>
    dataKey(call, input, false),
  ),
  GenerateDataKeyPair: operation(
    { ...pairMembers, Recipient: members.recipient },
    async (call, input) => {
      refuseRecipient(input)
      return await dataKeyPair(call, input, true)
    },
  ),
  GenerateDataKeyPairWithoutPlaintext: operation(pairMembers, async (call, input) =>
    dataKeyPair(call, input, false),
  ),
} as const satisfies Record<string, Operation>

async function dataKey(
  call: Call,
  input: Input<typeof dataKeyMembers>,
  withPlaintext: boolean,
): Promise<Output> {
  const { NumberOfBytes: bytes, KeySpec: spec } = input
  if ((bytes === undefined) === (spec === undefined)) {
    throw invalid("Please specify either number of bytes or key spec.")
  }
  const length = bytes ?? (spec === "AES_128" ? 16 : 32)
  return await onKey(call, input.KeyId, async (target) => {
    const command = {
      key: target.address,
      length,
      mechanism: encryptionAlgorithms[name],
      aad: readContext(name, input.EncryptionContext),
      withPlaintext,
    }
    const fault = encryptionFault(target, { name })
    const made = await serve(call, { ...input, fault }, (context) =>
      generateDataKey(call.ports, context, command),
    )
    return {
      CiphertextBlob: encodeBase64(made.ciphertext),
      Plaintext: made.plaintext === undefined ? undefined : encodeBase64(made.plaintext),
      KeyId: foundIn(target).arn,
      KeyMaterialId: materialIdOf(call.ports, foundIn(target).key, made.version),
    }
  })
}

async function dataKeyPair(
  call: Call,
  input: Input<typeof pairMembers>,
  withPlaintext: boolean,
): Promise<Output> {
  const { KeyPairSpec: spec } = input
  if (spec === "SM2") {
    throw new Fault("UnsupportedOperationException", "SM2 is of China Regions alone.")
  }
  return await onKey(call, input.KeyId, async (target) => {
    const command = {
      key: target.address,
      algorithm: specRow(spec).algorithm,
      mechanism: encryptionAlgorithms[name],
      aad: readContext(name, input.EncryptionContext),
      withPlaintext,
    }
    const fault = encryptionFault(target, { name })
    const made = await serve(call, { ...input, fault }, (context) =>
      generateDataKeyPair(call.ports, context, command),
    )
    return {
      PrivateKeyCiphertextBlob: encodeBase64(made.ciphertext),
      PrivateKeyPlaintext: made.plaintext === undefined ? undefined : encodeBase64(made.plaintext),
      PublicKey: encodeBase64(made.publicKey),
      KeyId: foundIn(target).arn,
      KeyPairSpec: spec,
      KeyMaterialId: materialIdOf(call.ports, foundIn(target).key, made.version),
    }
  })
}
