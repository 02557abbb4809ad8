/**
 * Files encrypted to a key's public half, and opened with the key: what opens one is an agreement,
 * so whoever may agree with the key may open its files, and nobody else.
 */

import { CodecError } from "../codec/error.ts"
import { decodeFile } from "../codec/file-ciphertext.ts"
import { decryptionFailed, HsmError } from "../domain/errors.ts"
import { openFile, sealFile } from "../engine/file-cipher.ts"
import type { Context, KeyRef } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { describeKey, publicKey } from "./read-key.ts"
import { agree } from "./share-secret.ts"

export interface FileCommand {
  readonly key: KeyRef
  readonly file: Uint8Array
}

/**
 * Encrypts a file for whoever may agree with a key.
 *
 * @throws HsmError KEY_NOT_FOUND; OPERATION_FORBIDDEN for a key that does not agree, whose rule is
 * `mechanism`; KEY_STATE for one that could not open it.
 */
export async function encryptFile(
  ports: Ports,
  context: Context,
  { key, file }: FileCommand,
): Promise<Uint8Array> {
  const { state, attributes } = await describeKey(ports, context, { key })
  if (!attributes.usages.includes("derive")) throw unfit()
  if (state !== "active") throw new HsmError("KEY_STATE", `the key is ${state}`)
  const { keyId, version, publicKey: half } = await publicKey(ports, context, { key })
  try {
    return sealFile({ clusterId: ports.clusterId, keyId, version, publicKey: half }, file)
  } catch (error) {
    throw error instanceof HsmError && error.code === "MALFORMED_REQUEST" ? unfit() : error
  }
}

/**
 * Opens a file with the key that it was encrypted to.
 *
 * @throws HsmError DECRYPTION_FAILED, the same for whatever is wrong with the file, one of another
 * key included; otherwise as `agree`.
 */
export async function decryptFile(
  ports: Ports,
  context: Context,
  { key, file }: FileCommand,
): Promise<Uint8Array> {
  const { id, versions } = await describeKey(ports, context, { key })
  const parts = readFile(file)
  const { keyId, version, peer } = parts
  const isOfKey = keyId === id && versions.some((known) => known.version === version)
  if (!isOfKey) throw decryptionFailed()
  const command = { key: id, version, publicKey: Buffer.from(peer) }
  const { sharedSecret } = await agree(ports, context, command).catch(alike)
  return openFile(ports, parts, sharedSecret)
}

function readFile(file: Uint8Array): ReturnType<typeof decodeFile> {
  try {
    return decodeFile(file)
  } catch (error) {
    throw error instanceof CodecError ? decryptionFailed() : error
  }
}

/** What the file itself says wrongly is no more than a file that does not open. */
function alike(error: unknown): never {
  throw error instanceof HsmError && error.code === "MALFORMED_REQUEST" ? decryptionFailed() : error
}

function unfit(): HsmError {
  const why = "files are encrypted to keys on elliptic curves that derive"
  return new HsmError("OPERATION_FORBIDDEN", why, { rule: "mechanism" })
}
