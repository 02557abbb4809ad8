/** The four calls of the specification, one table. */

import { encodeBase64 } from "../../codec/base64.ts"
import type { JsonObject } from "../../codec/json.ts"
import { stateAt } from "../../domain/external-material.ts"
import type { KeyStoreOrigin } from "../../domain/key-store.ts"
import { limits } from "../../domain/limits.ts"
import type { Context } from "../../service/commands.ts"
import { decryptForKeyStore, encryptForKeyStore } from "../../service/key-store.ts"
import type { Ports } from "../../service/ports.ts"
import { describeKey } from "../../service/read-key.ts"
import { bytes, choice, need, object, textUpTo, type Input, type Members } from "../shapes.ts"
import { Fault } from "./errors.ts"

/** What a call is served with. */
export interface Call {
  readonly ports: Ports
  /** Of the key store; it says nothing yet of whom AWS asks for. */
  readonly context: Context
  /** Of the signature's scope. */
  readonly region: string
  readonly key: string
}

/** Answers a call by its body. */
export type Operation = (call: Call, body: JsonObject) => Promise<object>

/** What the specification wants supported, and what is. */
const messageBytesMax = 4_300

/** An ARN has no more (the specification); of the rest nothing is said, and it is logged. */
const said = textUpTo(limits.xksTextMax)
const metadataMembers = {
  awsPrincipalArn: need(said),
  kmsOperation: need(said),
  kmsRequestId: need(said),
  kmsKeyArn: said,
  awsSourceVpc: said,
  awsSourceVpce: said,
  kmsViaService: said,
}
const requestMetadata = need(object(metadataMembers))
/** AWS names the key in every call that uses one. */
const useMetadata = need(object({ ...metadataMembers, kmsKeyArn: need(said) }))
const encryptionAlgorithm = need(choice(["AES_GCM"]))

/** Calls on a key, by the last segment of their paths. */
export const operations = {
  metadata: operation({ requestMetadata }, async ({ ports, key }, _input, context) => {
    const record = await describeKey(ports, context, { key })
    const { algorithm, attributes } = record
    const state = stateAt(record, ports.clock.now())
    if (state === "destroyed") throw new Fault("KeyNotFoundException", "no such key")
    return {
      keySpec: algorithm,
      keyUsage: attributes.usages.map((usage) => usage.toUpperCase()),
      keyStatus: state === "active" ? "ENABLED" : "DISABLED",
    }
  }),
  encrypt: operation(
    {
      requestMetadata: useMetadata,
      plaintext: need(bytes),
      encryptionAlgorithm,
      additionalAuthenticatedData: bytes,
      ciphertextDataIntegrityValueAlgorithm: choice(["SHA_256"]),
    },
    async ({ ports, key }, input, context) => {
      const { plaintext, ciphertextDataIntegrityValueAlgorithm: integrity } = input
      checkLength("plaintext", plaintext, messageBytesMax)
      const aad = aadOf(input)
      const proven = integrity !== undefined
      const made = await encryptForKeyStore(ports, context, { key, plaintext, aad, proven })
      return {
        ciphertext: encodeBase64(made.ciphertext),
        ciphertextMetadata: encodeBase64(made.metadata),
        initializationVector: encodeBase64(made.iv),
        authenticationTag: encodeBase64(made.tag),
        ...(made.integrity === undefined
          ? {}
          : { ciphertextDataIntegrityValue: encodeBase64(made.integrity) }),
      }
    },
  ),
  decrypt: operation(
    {
      requestMetadata: useMetadata,
      ciphertext: need(bytes),
      encryptionAlgorithm,
      initializationVector: need(bytes),
      authenticationTag: need(bytes),
      additionalAuthenticatedData: bytes,
      ciphertextMetadata: bytes,
    },
    async ({ ports, key }, input, context) => {
      const { ciphertext, initializationVector: iv, authenticationTag: tag } = input
      checkLength("ciphertext", ciphertext, messageBytesMax)
      const metadata = input.ciphertextMetadata ?? new Uint8Array()
      const stored = { ciphertext, metadata, iv, tag }
      const aad = aadOf(input)
      const plaintext = await decryptForKeyStore(ports, context, { key, aad, ...stored })
      return { plaintext: encodeBase64(plaintext) }
    },
  ),
} as const satisfies Readonly<Record<string, Operation>>

type Metadata = Input<typeof metadataMembers>

/** An operation whose caller is the key store, with what AWS tells of this request. */
function operation<M extends Members & { readonly requestMetadata: typeof requestMetadata }>(
  members: M,
  run: (call: Call, input: Input<M>, context: Context) => Promise<object>,
): Operation {
  const shape = object(members)
  return async (call, body) => {
    const input = shape.read(body, "")
    const origin = originOf(call, (input as { requestMetadata: Metadata }).requestMetadata)
    const { caller } = call.context
    return await run(call, input, { ...call.context, caller: { ...caller, origin } })
  }
}

/** `arn:aws:kms:region:account:key/...`; of a key that is being made, what else tells. */
function originOf({ region: signedFor }: Call, metadata: Metadata): KeyStoreOrigin {
  const [, , , region = signedFor, account] = metadata.kmsKeyArn?.split(":") ?? []
  const [, , , , ofPrincipal] = metadata.awsPrincipalArn.split(":")
  return {
    principals: metadata.awsPrincipalArn,
    accounts: account ?? ofPrincipal,
    regions: region,
    viaServices: metadata.kmsViaService,
    vpcs: metadata.awsSourceVpc,
    vpcEndpoints: metadata.awsSourceVpce,
    operations: metadata.kmsOperation,
    requestId: metadata.kmsRequestId,
  }
}

function aadOf(input: {
  readonly additionalAuthenticatedData: Uint8Array | undefined
}): Uint8Array {
  const { additionalAuthenticatedData: aad = new Uint8Array() } = input
  checkLength("additionalAuthenticatedData", aad, limits.aadBytesMax)
  return aad
}

function checkLength(name: string, { length }: Uint8Array, max: number): void {
  if (length > max) {
    throw new Fault("UnsupportedOperationException", `${name} has more than ${max} bytes`)
  }
}
