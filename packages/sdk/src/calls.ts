/**
 * Cryptographic calls in bytes: how each is asked and how its answer is read. The same value runs
 * alone (`kh.run(call)`) or in a batch (`kh.batch(calls)`).
 */

import type {
  BatchOperation,
  CreateKeyRequest,
  Key,
  Mechanism,
  MessageType,
  MgfHash,
  OperationId,
  Operations,
  SignatureEncoding,
} from "./api.generated.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { KeyholdError } from "./errors.ts"

/** The longest message that the node signs. */
export const signBytesMax = 2.5 * 1024 * 1024
/** The longest plaintext or message of every other call; larger content goes by envelope. */
export const messageBytesMax = 64 * 1024

/** Operations that may stand in a batch. */
export type BatchOperationId = BatchOperation["operation"]

/** One call that has not been made yet. */
export interface Call<T, Id extends OperationId = BatchOperationId> {
  readonly operation: Id
  /** The parameters of path, query and header. */
  readonly params: Readonly<Record<string, string | number | undefined>>
  /** The request's fields; absent where the operation takes none. */
  readonly body?: Readonly<Record<string, unknown>> | undefined
  /** Reads the answer. */
  readonly read: (answer: never) => T
}

/** Binds an operation's parameters, body and reader together, so that the compiler checks them. */
function call<const Id extends BatchOperationId, T>(
  operation: Id,
  params: Operations[Id]["params"],
  body: Operations[Id]["body"],
  read: (answer: Operations[Id]["response"]) => T,
): Call<T, Id> {
  return { operation, params, body: body === undefined ? undefined : { ...body }, read }
}

export interface CipherOptions {
  /** Authenticated, not encrypted; whoever decrypts must name the same. At most 8 KiB. */
  readonly aad?: Uint8Array | undefined
}
export interface MechanismOptions {
  /** The first that the key's algorithm serves, when absent. */
  readonly mechanism?: Mechanism | undefined
}
export interface SignatureOptions extends MechanismOptions {
  /** `digest`: what the mechanism's hash made of the message; `mu`: of ML-DSA. */
  readonly messageType?: MessageType | undefined
  /** Of ECDSA; DER when absent. */
  readonly encoding?: SignatureEncoding | undefined
  /** What the signature is bound to besides its message; at most 255 bytes. */
  readonly context?: Uint8Array | undefined
  /** Bytes of PSS's salt; as many as the hash has when absent. */
  readonly saltLength?: number | undefined
  /** Of PSS's MGF1; the message's when absent. */
  readonly mgfHash?: MgfHash | undefined
  /** Of BIP 340: signs for the Taproot output key; 32 bytes or none. */
  readonly merkleRoot?: Uint8Array | undefined
  /** Of a seed: which of its keys, such as `m/44'/60'/0'/0/0`. */
  readonly path?: string | undefined
}
export interface SignOptions extends SignatureOptions {
  /** The same message gets the same signature. */
  readonly deterministic?: boolean | undefined
  /** Of BIP 340: 32 bytes that go into the nonce; fresh ones when absent. */
  readonly auxRandom?: Uint8Array | undefined
}
export interface VersionOptions extends MechanismOptions {
  /** Any living version when absent, the newest first. */
  readonly version?: number | undefined
}

/** A data key and what it is kept as. */
export interface PlainDataKey {
  /** Wipe it after use. */
  readonly plaintext: Uint8Array
  /** Keep it beside the content; `decrypt` opens it. */
  readonly ciphertext: Uint8Array
}

/** Bytes that may be absent, as the API writes them. */
function optional(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : encodeBase64(bytes)
}

/** @param plaintext - at most 64 KiB. @returns the ciphertext in Keyhold's own format. */
export function encrypt(
  key: string,
  plaintext: Uint8Array,
  { aad, mechanism }: CipherOptions & MechanismOptions = {},
): Call<Uint8Array, "encrypt"> {
  const body = { plaintext: encodeBase64(plaintext), aad: optional(aad), mechanism }
  return call("encrypt", { key }, body, ({ ciphertext }) => decodeBase64(ciphertext))
}

/** @param ciphertext - in Keyhold's own format, which names key and version. */
export function decrypt(
  ciphertext: Uint8Array,
  { aad }: CipherOptions = {},
): Call<Uint8Array, "decrypt"> {
  const body = { ciphertext: encodeBase64(ciphertext), aad: optional(aad) }
  return call("decrypt", {}, body, ({ plaintext }) => decodeBase64(plaintext))
}

/** @param message - whole, unless `messageType` says otherwise; at most 2.5 MiB. */
export function sign(
  key: string,
  message: Uint8Array,
  { deterministic, auxRandom, ...options }: SignOptions = {},
): Call<Uint8Array, "sign"> {
  const random = { deterministic, auxRandom: optional(auxRandom) }
  const body = { message: encodeBase64(message), ...signatureFields(options), ...random }
  return call("sign", { key }, body, ({ signature }) => decodeBase64(signature))
}

/** @returns false for a signature that does not fit. */
export function verify(
  key: string,
  signed: { readonly message: Uint8Array; readonly signature: Uint8Array },
  { version, ...options }: SignatureOptions & VersionOptions = {},
): Call<boolean, "verify"> {
  const [message, signature] = [encodeBase64(signed.message), encodeBase64(signed.signature)]
  const body = { message, signature, version, ...signatureFields(options) }
  return call("verify", { key }, body, ({ valid }) => valid)
}

/** What signing and verifying have to agree on. */
function signatureFields(options: SignatureOptions) {
  const { context, merkleRoot, ...rest } = options
  return { ...rest, context: optional(context), merkleRoot: optional(merkleRoot) }
}

/** @param message - at most 64 KiB. */
export function mac(
  key: string,
  message: Uint8Array,
  { mechanism }: MechanismOptions = {},
): Call<Uint8Array, "mac"> {
  const body = { message: encodeBase64(message), mechanism }
  return call("mac", { key }, body, (answer) => decodeBase64(answer.mac))
}

/** @returns false for a MAC that does not fit. */
export function verifyMac(
  key: string,
  tagged: { readonly message: Uint8Array; readonly mac: Uint8Array },
  { mechanism, version }: VersionOptions = {},
): Call<boolean, "verifyMac"> {
  const [message, tag] = [encodeBase64(tagged.message), encodeBase64(tagged.mac)]
  const body = { message, mac: tag, mechanism, version }
  return call("verifyMac", { key }, body, ({ valid }) => valid)
}

/** @param options - `length`: 32 bytes when absent. */
export function generateDataKey(
  key: string,
  { aad, length }: CipherOptions & { readonly length?: 16 | 24 | 32 | 64 } = {},
): Call<PlainDataKey, "generateDataKey"> {
  const body = { aad: optional(aad), length }
  return call("generateDataKey", { key }, body, ({ plaintext, ciphertext }) => {
    if (plaintext === undefined) {
      throw new KeyholdError("INVALID_RESPONSE", "the answer holds no data key")
    }
    return { plaintext: decodeBase64(plaintext), ciphertext: decodeBase64(ciphertext) }
  })
}

/** A shared secret for the caller, and the ciphertext that carries it to the key's holder. */
export interface Encapsulated {
  /** Wipe it after use. */
  readonly sharedSecret: Uint8Array
  readonly ciphertext: Uint8Array
}

/** Makes a shared secret under a KEM's public half. */
export function encapsulate(
  key: string,
  { mechanism }: MechanismOptions = {},
): Call<Encapsulated, "encapsulate"> {
  return call("encapsulate", { key }, { mechanism }, ({ sharedSecret, ciphertext }) => ({
    sharedSecret: decodeBase64(sharedSecret),
    ciphertext: decodeBase64(ciphertext),
  }))
}

/** @returns the shared secret; another one for a ciphertext that was tampered with. */
export function decapsulate(
  key: string,
  ciphertext: Uint8Array,
  { mechanism, version }: VersionOptions = {},
): Call<Uint8Array, "decapsulate"> {
  const body = { ciphertext: encodeBase64(ciphertext), mechanism, version }
  return call("decapsulate", { key }, body, ({ sharedSecret }) => decodeBase64(sharedSecret))
}

/** @param publicKey - SPKI DER of the other. @returns the whole secret; derive keys from it. */
export function agree(
  key: string,
  publicKey: Uint8Array,
  { mechanism, version }: VersionOptions = {},
): Call<Uint8Array, "agree"> {
  const body = { publicKey: encodeBase64(publicKey), mechanism, version }
  return call("agree", { key }, body, ({ sharedSecret }) => decodeBase64(sharedSecret))
}

/** @param length - 1 to 4,096 bytes. */
export function random(length: number): Call<Uint8Array, "random"> {
  return call("random", {}, { length }, ({ bytes }) => decodeBase64(bytes))
}

/** Makes a key. */
export function createKey(request: CreateKeyRequest): Call<Key, "createKey"> {
  return call("createKey", {}, request, (key) => key)
}

/** Deletes a key. @param options - `windowSeconds`: 30 days when absent. */
export function deleteKey(
  key: string,
  { windowSeconds }: { readonly windowSeconds?: number } = {},
): Call<Key, "deleteKey"> {
  return call("deleteKey", { key, windowSeconds }, undefined, (deleted) => deleted)
}
