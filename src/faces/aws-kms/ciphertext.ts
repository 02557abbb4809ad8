/**
 * Ciphertexts of AWS's dialect. A symmetric one is Keyhold's own format over AES-GCM, which names
 * key and version and authenticates both beside the encryption context; an RSA one is bare OAEP.
 */

import { decodeCiphertext } from "../../codec/ciphertext.ts"
import { encodeEncryptionContext } from "../../codec/encryption-context.ts"
import { CodecError } from "../../codec/error.ts"
import { HsmError } from "../../domain/errors.ts"
import type { KeyId } from "../../domain/ids.ts"
import { sealedAs } from "../../domain/key.ts"
import type { KeyAddress } from "../../domain/kms-key.ts"
import { limits } from "../../domain/limits.ts"
import type { DecryptCommand, EncryptCommand } from "../../service/commands.ts"
import { Fault, invalid } from "./fault.ts"
import type { Call } from "./operation.ts"
import { onKey, type Target } from "./target.ts"
import { encryptionAlgorithms, type EncryptionAlgorithm } from "./vocabulary.ts"

/** A ciphertext as a request brings it. */
interface Given {
  readonly name: EncryptionAlgorithm
  readonly keyId: string | undefined
  readonly ciphertext: Uint8Array | undefined
  readonly EncryptionContext: Readonly<Record<string, string>> | undefined
  readonly DryRun: boolean | undefined
  readonly DryRunModifiers: readonly string[] | undefined
}

/** Kubernetes' plugin and others look for these very words. */
const noLeak =
  "The ciphertext refers to a customer master key that does not exist, does not exist in this " +
  "region, or you are not allowed to access."

/**
 * The additional data that an encryption context stands for.
 *
 * @throws {@link Fault} ValidationException when it is too long, or the algorithm takes none.
 */
export function readContext(
  name: EncryptionAlgorithm,
  context: Readonly<Record<string, string>> = {},
): Uint8Array {
  const bytes = encodeEncryptionContext(context)
  if (bytes.length > limits.aadBytesMax) throw invalid("The encryption context is too long.")
  if (name === "SYMMETRIC_DEFAULT" || bytes.length === 0) return bytes
  throw invalid("An encryption context is only valid for symmetric encryption keys.")
}

/** How our services write it: in our own format, or bare. */
export function rawOrOwn(
  name: EncryptionAlgorithm,
  aad: Uint8Array,
): Pick<EncryptCommand, "aad" | "raw"> {
  return name === "SYMMETRIC_DEFAULT" ? { aad } : { raw: true }
}

/**
 * Runs services for the key that a ciphertext names, or that the request names beside it.
 *
 * @throws {@link Fault} InvalidCiphertextException; AccessDeniedException for a key that is not
 * there or not the caller's, when only the ciphertext named it; IncorrectKeyException.
 */
export async function onCiphertext<T>(
  call: Call,
  given: Given,
  run: (target: Target, source: DecryptCommand) => Promise<T>,
): Promise<T> {
  const { name, keyId } = given
  const bytes = ciphertextOf(given)
  if (name !== "SYMMETRIC_DEFAULT") return await onAsymmetric(call, given, bytes, run)
  const aad = readContext(name, given.EncryptionContext)
  const named = bytes === undefined ? undefined : keyIn(bytes)
  const text = keyId ?? named
  if (text === undefined) throw invalid("KeyId is required where there is no ciphertext.")
  const work = onKey(call, text, async (target) => {
    const { address: key } = target
    const source = bytes === undefined ? nothingUnder(key, name) : { key, ciphertext: bytes, aad }
    return await attempt(run(target, source)).catch((error: unknown) => {
      throw isOther(error, target, named) ? incorrectKey() : error
    })
  })
  const outcome = await (keyId === undefined ? work.catch(hideKey) : work)
  if (outcome.fault !== undefined) throw outcome.fault
  return outcome.result
}

/** What an operation says in this face's words is not about the ciphertext's key. */
async function attempt<T>(
  work: Promise<T>,
): Promise<{ readonly fault: Fault } | { readonly fault?: undefined; readonly result: T }> {
  try {
    return { result: await work }
  } catch (error) {
    if (error instanceof Fault) return { fault: error }
    throw error
  }
}

async function onAsymmetric<T>(
  call: Call,
  { name, keyId }: Given,
  ciphertext: Uint8Array | undefined,
  run: (target: Target, source: DecryptCommand) => Promise<T>,
): Promise<T> {
  if (keyId === undefined) throw invalid("KeyId is required for asymmetric decryption.")
  return await onKey(call, keyId, async (target) => {
    const source = nothingUnder(target.address, name)
    return await run(target, ciphertext === undefined ? source : { ...source, ciphertext })
  })
}

/** Bare bytes of a key that the request names; none of them in a dry run without a ciphertext. */
function nothingUnder(key: KeyAddress, name: EncryptionAlgorithm): DecryptCommand {
  const raw = { key, mechanism: encryptionAlgorithms[name] }
  return { ciphertext: new Uint8Array(0), raw }
}

/** Absent only in a dry run that says so. */
function ciphertextOf({ ciphertext, DryRun, DryRunModifiers = [] }: Given): Uint8Array | undefined {
  const ignored = DryRun === true && DryRunModifiers.includes("IGNORE_CIPHERTEXT")
  if (ciphertext !== undefined || ignored) return ciphertext
  throw invalid(
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: " +
      "Member must not be null",
  )
}

function keyIn(ciphertext: Uint8Array): KeyId {
  try {
    return decodeCiphertext(ciphertext).keyId as KeyId // In its written form.
  } catch (error) {
    throw error instanceof CodecError ? new Fault("InvalidCiphertextException") : error
  }
}

/** The service let the caller in, and the ciphertext names another key than the request. */
function isOther(error: unknown, { found }: Target, named: KeyId | undefined): boolean {
  const failed = error instanceof HsmError && error.code === "DECRYPTION_FAILED"
  return failed && named !== undefined && (found && sealedAs(found.key)) !== named
}

function incorrectKey(): Fault {
  const text = "The key ID in the request does not identify a CMK that can perform this operation."
  return new Fault("IncorrectKeyException", text)
}

/** Whether the key that a ciphertext names exists is nobody's business but its users'. */
function hideKey(error: unknown): never {
  if (error instanceof Fault) {
    const { exception } = error
    if (exception === "NotFoundException" || exception === "AccessDeniedException") {
      throw new Fault("AccessDeniedException", noLeak)
    }
  }
  throw error
}
