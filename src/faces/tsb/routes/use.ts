/** Uses of keys, at once: sign, verify, encrypt, decrypt, MACs; block, unblock and modify. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { keyAlgorithm } from "../../../domain/algorithms.ts"
import type { KeyRecord } from "../../../domain/key.ts"
import type { SignCommand } from "../../../service/commands.ts"
import { decrypt, encrypt } from "../../../service/encrypt.ts"
import { describeKey } from "../../../service/read-key.ts"
import { mac, sign, verify, verifyMac } from "../../../service/sign.ts"
import { blockKey, setKeyRules, unblockKey } from "../../../service/smart-key.ts"
import { Fault, invalid } from "../fault.ts"
import { pathOn, readLabel } from "../labels.ts"
import { operation, type Call, type Operation } from "../operation.ts"
import { policy, rulesOf } from "../policy.ts"
import { bytes, choice, integer, list, need, object, password, text } from "../../shapes.ts"
import { cipherOf, signingOf } from "../vocabulary.ts"
import { refusePassword } from "./keys.ts"

export const signRequest = object({
  payload: need(bytes),
  payloadType: text,
  signKeyName: need(text),
  keyPassword: password,
  signatureAlgorithm: need(text),
  signatureType: choice(["DER", "RAW", "ETH"]),
  signedApprovals: list(bytes),
})
export const decryptRequest = object({
  encryptedPayload: need(bytes),
  decryptKeyName: need(text),
  keyPassword: password,
  cipherAlgorithm: need(text),
  initializationVector: bytes,
  additionalAuthenticationData: bytes,
  tagLength: integer,
  signedApprovals: list(bytes),
})
export const blockRequest = object({
  blockKeyName: need(text),
  keyPassword: password,
  signedApprovals: list(bytes),
})
export const unblockRequest = object({
  unblockKeyName: need(text),
  keyPassword: password,
  signedApprovals: list(bytes),
})
export const modifyRequest = object({
  modifyKeyName: need(text),
  keyPassword: password,
  policy: need(policy),
  signedApprovals: list(bytes),
})
const verifySignatureRequest = object({
  signKeyName: need(text),
  masterKeyPassword: password,
  signatureAlgorithm: need(text),
  payload: need(bytes),
  signature: need(bytes),
})
const verifyHmacRequest = object({
  keyName: need(text),
  payload: need(bytes),
  signature: need(bytes),
})
const encryptRequest = object({
  payload: need(bytes),
  encryptKeyName: need(text),
  keyPassword: password,
  cipherAlgorithm: need(text),
  tagLength: integer,
  additionalAuthenticationData: bytes,
  initializationVector: bytes,
})

export const useRoutes = {
  "POST /synchronousSign": operation(
    { signRequest: need(signRequest) },
    async (call, { signRequest: input }) => {
      const { command, finish } = await signing(call, input)
      const { signature } = await sign(call.ports, call.context, command)
      return { signature: encodeBase64(finish(signature)) }
    },
  ),
  "POST /verify": operation(
    { verifySignatureRequest, verifyHmacRequest },
    async (call, { verifySignatureRequest: signed, verifyHmacRequest: hashed }) => {
      if (signed !== undefined) return { signatureValid: await isSignature(call, signed) }
      if (hashed === undefined) throw invalid("/verifySignatureRequest is missing")
      const { keyName: key, payload: message, signature } = hashed
      const command = { key, message, signature }
      const { valid } = await verifyMac(call.ports, call.context, command)
      return { signatureValid: valid }
    },
  ),
  "POST /synchronousHmac": operation(
    { hmacRequest: need(object({ keyName: need(text), payload: need(bytes) })) },
    async ({ ports, context }, { hmacRequest: { keyName: key, payload: message } }) => {
      const { signature } = await mac(ports, context, { key, message })
      return { keyedHash: encodeBase64(signature) }
    },
  ),
  "POST /encrypt": operation(
    { encryptRequest: need(encryptRequest) },
    async ({ ports, context }, { encryptRequest: input }) => {
      refusePassword(input.keyPassword)
      const { mechanism, tagBytes = 0 } = cipherOf(input.cipherAlgorithm, input.tagLength)
      const { ciphertext, iv } = await encrypt(ports, context, {
        key: input.encryptKeyName,
        plaintext: input.payload,
        aad: input.additionalAuthenticationData,
        mechanism,
        iv: input.initializationVector,
        raw: true,
      })
      const end = ciphertext.length - tagBytes
      return {
        encryptedPayload: encodeBase64(ciphertext),
        encryptedPayloadWithoutMessageAuthenticationCode: encodeBase64(ciphertext.subarray(0, end)),
        initializationVector: iv === undefined ? null : encodeBase64(iv),
        messageAuthenticationCode: tagBytes === 0 ? null : encodeBase64(ciphertext.subarray(end)),
      }
    },
  ),
  "POST /synchronousDecrypt": operation(
    { decryptRequest: need(decryptRequest) },
    async ({ ports, context }, { decryptRequest: input }) => {
      const { plaintext } = await decrypt(ports, context, decrypting(input))
      return { payload: encodeBase64(plaintext) }
    },
  ),
  "POST /synchronousBlock": operation(
    { blockRequest: need(blockRequest) },
    async ({ ports, context }, { blockRequest: input }) => {
      refuseUnserved(input)
      await blockKey(ports, context, { key: input.blockKeyName })
      return undefined
    },
  ),
  "POST /synchronousUnblock": operation(
    { unblockRequest: need(unblockRequest) },
    async ({ ports, context }, { unblockRequest: input }) => {
      refuseUnserved(input)
      await unblockKey(ports, context, { key: input.unblockKeyName })
      return undefined
    },
  ),
  "POST /synchronousModify": operation(
    { modifyRequest: need(modifyRequest) },
    async (call, { modifyRequest: input }) => {
      const { ports, context } = call
      refuseUnserved(input)
      const rules = await rulesOf(call, input.policy)
      await setKeyRules(ports, context, { key: input.modifyKeyName, rules })
      return undefined
    },
  ),
} as const satisfies Record<string, Operation>

/**
 * Refuses what Keyhold does not do, rather than to pass over it: passwords of keys, and approvals
 * that come along. Of the latter's encoding the outer numbers are published nowhere; in Keyhold's
 * own API a call can bring approvals.
 *
 * @throws Fault.
 */
export function refuseUnserved(input: {
  readonly keyPassword: string | undefined
  readonly signedApprovals: readonly Uint8Array[] | undefined
}): void {
  refusePassword(input.keyPassword)
  if (input.signedApprovals === undefined || input.signedApprovals.length === 0) return
  const text =
    "signedApprovals are not read here: ask with the asynchronous call, or in /api/v1/calls"
  throw new Fault("unsupported.operation", text, 501)
}

/** A signature's command, and what becomes of the signature on the wire. */
export interface SigningCommand {
  readonly command: SignCommand
  readonly finish: (signature: Uint8Array) => Uint8Array
}

/** @throws Fault, HsmError KEY_NOT_FOUND. */
export async function signing(
  call: Call,
  input: ReturnType<typeof signRequest.read>,
): Promise<SigningCommand> {
  refuseUnserved(input)
  const { key, path } = await keyAt(call, input.signKeyName)
  const { payload: message, signatureAlgorithm: name, signatureType } = input
  const { mechanism, ...chosen } = signingOf(name)
  const isEcdsa = mechanism.startsWith("ECDSA_")
  if (signatureType === "ETH" && mechanism !== "ECDSA_KECCAK_256") {
    throw invalid("signatureType ETH goes with KECCAK256_WITH_ECDSA")
  }
  const encoding = encodings[signatureType ?? "DER"]
  const command = {
    key: key.id,
    message,
    mechanism: ofKey(mechanism, key),
    ...chosen,
    ...(isEcdsa && encoding !== "der" ? { encoding } : {}),
    ...(path === undefined ? {} : { path }),
  }
  return { command, finish: signatureType === "ETH" ? ethereum : (signature) => signature }
}

const encodings = { DER: "der", RAW: "raw", ETH: "recoverable" } as const

/** r, s, and v as Ethereum's messages have it: 27 and the recovery id. */
export function ethereum(signature: Uint8Array): Uint8Array {
  const last = signature.length - 1
  return signature.with(last, 27 + (signature[last] ?? 0))
}

/** EdDSA is one word for both curves. */
function ofKey(mechanism: SignCommand["mechanism"], { algorithm }: KeyRecord) {
  return mechanism === "ED25519" && algorithm === "ED448" ? "ED448" : mechanism
}

export async function keyAt(
  { ports, context }: Call,
  label: string,
): Promise<{ readonly key: KeyRecord; readonly path: string | undefined }> {
  const { key: name, path } = readLabel(label)
  const key = await describeKey(ports, context, { key: name })
  return { key, path: pathOn(key, path) }
}

async function isSignature(
  call: Call,
  input: ReturnType<typeof verifySignatureRequest.read>,
): Promise<boolean> {
  refusePassword(input.masterKeyPassword)
  const { key, path } = await keyAt(call, input.signKeyName)
  const { payload: message, signature, signatureAlgorithm: name } = input
  const { mechanism, deterministic: _signerOnly, ...chosen } = signingOf(name)
  const encoding = rawSignature(key, mechanism, signature) ? { encoding: "raw" as const } : {}
  const command = {
    key: key.id,
    message,
    signature,
    mechanism: ofKey(mechanism, key),
    ...chosen,
    ...encoding,
    ...(path === undefined ? {} : { path }),
  }
  return (await verify(call.ports, call.context, command)).valid
}

/** The dialect does not say which form a signature has: r and s side by side have one size. */
function rawSignature(key: KeyRecord, mechanism: string, signature: Uint8Array): boolean {
  const { signatureBytes } = keyAlgorithm(key.algorithm)
  return mechanism.startsWith("ECDSA_") && signature.length === signatureBytes && !isDer(signature)
}

/** A SEQUENCE of two INTEGERs, by its heads: numbers side by side look like that by no chance. */
function isDer(signature: Uint8Array): boolean {
  const [sequence, length, first, bytes = 0] = signature
  return (
    sequence === 0x30 &&
    length === signature.length - 2 &&
    first === 0x02 &&
    signature[4 + bytes] === 0x02
  )
}

/** @throws Fault. */
export function decrypting(input: ReturnType<typeof decryptRequest.read>) {
  refuseUnserved(input)
  const { mechanism } = cipherOf(input.cipherAlgorithm, input.tagLength)
  return {
    ciphertext: input.encryptedPayload,
    aad: input.additionalAuthenticationData,
    raw: { key: input.decryptKeyName, mechanism, iv: input.initializationVector },
  }
}
