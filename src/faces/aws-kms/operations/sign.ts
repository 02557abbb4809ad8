/** Signatures, MACs, and shared secrets. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { muBytes } from "../../../domain/mechanisms.ts"
import { agree, decapsulate, encapsulate } from "../../../service/share-secret.ts"
import { mac, sign, verify, verifyMac } from "../../../service/sign.ts"
import { macFault, signingFault } from "../algorithms.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Operation } from "../operation.ts"
import { refuseRecipient } from "../recipient.ts"
import { serve } from "../serve.ts"
import { blob, choice, need, type Input } from "../shapes.ts"
import { foundIn, onKey } from "../target.ts"
import {
  digestBytes,
  macAlgorithmNames,
  macAlgorithms,
  signingAlgorithmNames,
  signingAlgorithms,
  type SigningAlgorithm,
} from "../vocabulary.ts"

const message = need(blob({ min: 1, max: 4_096 }))
const proof = need(blob({ min: 1, max: 6_144 }))

const signMembers = {
  KeyId: members.neededKeyId,
  Message: message,
  MessageType: choice(["RAW", "DIGEST", "EXTERNAL_MU"]),
  GrantTokens: members.grantTokens,
  SigningAlgorithm: need(choice(signingAlgorithmNames)),
  DryRun: members.dryRun,
}
const macMembers = {
  Message: message,
  KeyId: members.neededKeyId,
  MacAlgorithm: need(choice(macAlgorithmNames)),
  GrantTokens: members.grantTokens,
  DryRun: members.dryRun,
}
const kemMembers = {
  KeyId: members.neededKeyId,
  EncapsulationAlgorithm: need(choice(["ML_KEM"])),
  GrantTokens: members.grantTokens,
  DryRun: members.dryRun,
}

export const signOperations = {
  Sign: operation(signMembers, async (call, input) => {
    const { SigningAlgorithm: name } = input
    return await onKey(call, input.KeyId, async (target) => {
      const fault = signingFault(target, name) ?? messageFault(input)
      const command = { key: target.address, ...signCommand(input) }
      const { signature } = await serve(call, { ...input, fault }, (context) =>
        sign(call.ports, context, command),
      )
      return {
        KeyId: foundIn(target).arn,
        Signature: encodeBase64(signature),
        SigningAlgorithm: name,
      }
    })
  }),
  Verify: operation({ ...signMembers, Signature: proof }, async (call, input) => {
    const { SigningAlgorithm: name, Signature: signature } = input
    return await onKey(call, input.KeyId, async (target) => {
      const fault = signingFault(target, name) ?? messageFault(input)
      const command = { key: target.address, ...signCommand(input), signature }
      const { valid } = await serve(call, { ...input, fault }, (context) =>
        verify(call.ports, context, command),
      )
      if (!valid) throw new Fault("KMSInvalidSignatureException")
      return { KeyId: foundIn(target).arn, SignatureValid: true, SigningAlgorithm: name }
    })
  }),
  GenerateMac: operation(macMembers, async (call, input) => {
    const { MacAlgorithm: name, Message } = input
    return await onKey(call, input.KeyId, async (target) => {
      const command = { key: target.address, message: Message, mechanism: macAlgorithms[name] }
      const fault = macFault(target, name)
      const { signature } = await serve(call, { ...input, fault }, (context) =>
        mac(call.ports, context, command),
      )
      return { Mac: encodeBase64(signature), MacAlgorithm: name, KeyId: foundIn(target).arn }
    })
  }),
  VerifyMac: operation({ ...macMembers, Mac: proof }, async (call, input) => {
    const { MacAlgorithm: name, Message, Mac: signature } = input
    return await onKey(call, input.KeyId, async (target) => {
      const mechanism = macAlgorithms[name]
      const command = { key: target.address, message: Message, mechanism, signature }
      const fault = macFault(target, name)
      const { valid } = await serve(call, { ...input, fault }, (context) =>
        verifyMac(call.ports, context, command),
      )
      if (!valid) throw new Fault("KMSInvalidMacException")
      return { KeyId: foundIn(target).arn, MacValid: true, MacAlgorithm: name }
    })
  }),
  DeriveSharedSecret: operation(
    {
      KeyId: members.neededKeyId,
      KeyAgreementAlgorithm: need(choice(["ECDH"])),
      PublicKey: need(blob({ min: 1, max: 8_192 })),
      GrantTokens: members.grantTokens,
      DryRun: members.dryRun,
      Recipient: members.recipient,
    },
    async (call, input) => {
      refuseRecipient(input)
      const { KeyAgreementAlgorithm: name, PublicKey: publicKey } = input
      return await onKey(call, input.KeyId, async (target) => {
        const command = { key: target.address, mechanism: name, publicKey }
        const { sharedSecret } = await serve(call, input, (context) =>
          agree(call.ports, context, command),
        )
        return {
          KeyId: foundIn(target).arn,
          SharedSecret: encodeBase64(sharedSecret),
          KeyAgreementAlgorithm: name,
          KeyOrigin: foundIn(target).origin,
        }
      })
    },
  ),
  Encapsulate: operation(kemMembers, async (call, input) => {
    const { EncapsulationAlgorithm: mechanism } = input
    return await onKey(call, input.KeyId, async (target) => {
      const command = { key: target.address, mechanism }
      const { sharedSecret, ciphertext } = await serve(call, input, (context) =>
        encapsulate(call.ports, context, command),
      )
      return {
        KeyId: foundIn(target).arn,
        SharedSecret: encodeBase64(sharedSecret),
        SharedSecretCiphertextBlob: encodeBase64(ciphertext),
        EncapsulationAlgorithm: mechanism,
      }
    })
  }),
  Decapsulate: operation(
    { ...kemMembers, SharedSecretCiphertextBlob: need(blob({ min: 1, max: 6_144 })) },
    async (call, input) => {
      const { EncapsulationAlgorithm: mechanism, SharedSecretCiphertextBlob: ciphertext } = input
      return await onKey(call, input.KeyId, async (target) => {
        const command = { key: target.address, mechanism, ciphertext }
        const { sharedSecret } = await serve(call, input, (context) =>
          decapsulate(call.ports, context, command),
        )
        return {
          KeyId: foundIn(target).arn,
          SharedSecret: encodeBase64(sharedSecret),
          EncapsulationAlgorithm: mechanism,
        }
      })
    },
  ),
} as const satisfies Record<string, Operation>

const messageTypes = { RAW: "message", DIGEST: "digest", EXTERNAL_MU: "mu" } as const

function signCommand({ Message, MessageType, SigningAlgorithm }: Input<typeof signMembers>) {
  const messageType = messageTypes[MessageType ?? "RAW"]
  return { message: Message, messageType, mechanism: signingAlgorithms[SigningAlgorithm] } as const
}

/** What AWS has against a kind of message, or its length. */
function messageFault({
  Message,
  MessageType = "RAW",
  SigningAlgorithm: name,
}: Input<typeof signMembers>): Fault | undefined {
  const bytes = messageLengths(name)[MessageType]
  if (bytes === "none") {
    return invalid(`MessageType ${MessageType} is not valid for SigningAlgorithm ${name}.`)
  }
  if (bytes === "any" || Message.length === bytes) return undefined
  return invalid(`Digest is invalid length for algorithm ${name}.`)
}

/** What each kind of message has to be long: bytes, whatever, or not at all. */
function messageLengths(
  name: SigningAlgorithm,
): Readonly<Record<keyof typeof messageTypes, number | "any" | "none">> {
  return {
    RAW: name === "ED25519_PH_SHA_512" ? "none" : "any",
    DIGEST: digestBytes(name) ?? "none",
    EXTERNAL_MU: name === "ML_DSA_SHAKE_256" ? muBytes : "none",
  }
}
