/**
 * A custodian's key pair, made on his own machine before the ceremony: an X-Wing public key that he
 * hands to the operator as `khcust1_...`, and a file with the private half under his password.
 * Format: docs/formats/share.md.
 */

import { argon2, createCipheriv, createDecipheriv, createHash } from "node:crypto"
import { promisify } from "node:util"

import { decodeBase64Url, encodeBase64Url } from "../codec/base64.ts"
import { canonical } from "../codec/canonical.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import type { RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { field, textFile } from "./text-file.ts"
import { commitTo, showPattern } from "./verification-pattern.ts"
import { expandXWing, isXWingPublicKey, xwingSizes, type XWingPrivateKey } from "./xwing.ts"

const saltBytes = 16 // RFC 9106 section 3.1 recommends 16.
const ivBytes = 12 // SP 800-38D section 8.2.
const tagBytes = 16
const checksumBytes = 4
const prefix = "khcust1_"

/** RFC 9106 section 4, second recommended option; part of the format, never read from the file. */
const argon2Cost = { passes: 3, memory: 64 * 1024, parallelism: 4, tagLength: 32 } as const
const deriveKey = promisify(argon2)

const keyFile = textFile("keyhold/custodian-key/v1", {
  publicKey: field.bytes(xwingSizes.publicKey),
  salt: field.bytes(saltBytes),
  iv: field.bytes(ivBytes),
  sealed: field.bytes(xwingSizes.seed + tagBytes),
})

export interface NewCustodianKey {
  /** Text of the `.khc` file. */
  readonly file: string
  /** `khcust1_...`, for the configuration file of the ceremony. */
  readonly publicText: string
  /** What custodian and operator compare. */
  readonly pattern: string
}

/**
 * Makes a custodian's key pair.
 *
 * @param password - UTF-8, at least {@link limits.custodianPasswordLengthMin} bytes.
 * @throws HsmError MALFORMED_REQUEST for a shorter password.
 */
export async function createCustodianKey(
  random: RandomSource,
  password: SecretBytes,
): Promise<NewCustodianKey> {
  if (password.length < limits.custodianPasswordLengthMin) {
    const least = limits.custodianPasswordLengthMin
    throw new HsmError("MALFORMED_REQUEST", `the password has fewer than ${least} characters`)
  }
  using seed = new SecretBytes(random.bytes(xwingSizes.seed))
  const { publicKey } = seed.lend(expandXWing)
  const [salt, iv] = [random.bytes(saltBytes), random.bytes(ivBytes)]
  using key = await passwordKey(password, salt)
  const cipher = key.lend((bytes) => createCipheriv("aes-256-gcm", bytes, iv))
  cipher.setAAD(keyNaming(publicKey))
  const body = seed.lend((bytes) => cipher.update(bytes))
  const sealed = Buffer.concat([body, cipher.final(), cipher.getAuthTag()])
  const pattern = custodianPattern(publicKey)
  const file = keyFile.render({ publicKey, salt, iv, sealed })
  return { file, publicText: writeCustodianText(publicKey), pattern }
}

/**
 * Opens a custodian's key file.
 *
 * @throws HsmError MALFORMED_REQUEST when it is no such file; DECRYPTION_FAILED for a wrong
 * password or a changed file, which cannot be told apart.
 */
export async function openCustodianKey(
  text: string,
  password: SecretBytes,
): Promise<XWingPrivateKey> {
  const { publicKey, salt, iv, sealed } = keyFile.parse(text)
  using key = await passwordKey(password, salt)
  try {
    const opener = key.lend((bytes) =>
      createDecipheriv("aes-256-gcm", bytes, iv, { authTagLength: tagBytes }),
    )
    opener.setAAD(keyNaming(publicKey))
    opener.setAuthTag(sealed.subarray(xwingSizes.seed))
    using seed = new SecretBytes(opener.update(sealed.subarray(0, xwingSizes.seed)))
    opener.final()
    return seed.lend(expandXWing)
  } catch {
    const reason = "the password is wrong, or the custodian's key file was changed"
    throw new HsmError("DECRYPTION_FAILED", reason)
  }
}

/** Writes a public key as `khcust1_`, then base64url of the key and four bytes of its SHA-256. */
export function writeCustodianText(publicKey: Uint8Array): string {
  return prefix + encodeBase64Url(Buffer.concat([publicKey, checksumOf(publicKey)]))
}

/** Reads {@link writeCustodianText}; undefined when it is damaged, cut off, or no such key. */
export function readCustodianText(text: string): Uint8Array | undefined {
  if (!text.startsWith(prefix)) return undefined
  try {
    const bytes = decodeBase64Url(text.slice(prefix.length), "")
    const publicKey = bytes.subarray(0, xwingSizes.publicKey)
    const checksum = bytes.subarray(xwingSizes.publicKey)
    if (!checksumOf(publicKey).equals(checksum)) return undefined
    return isXWingPublicKey(publicKey) ? publicKey : undefined
  } catch {
    return undefined
  }
}

/** The verification pattern of a custodian's public key; it belongs to no cluster yet. */
export function custodianPattern(publicKey: Uint8Array): string {
  return showPattern(commitTo("custodian-key", "", publicKey))
}

async function passwordKey(password: SecretBytes, salt: Uint8Array): Promise<SecretBytes> {
  const key = password.lend((message) =>
    deriveKey("argon2id", { message, nonce: salt, ...argon2Cost }),
  )
  return new SecretBytes(await key)
}

function keyNaming(publicKey: Uint8Array): Uint8Array {
  return canonical("custodian-key", "", publicKey)
}

function checksumOf(publicKey: Uint8Array): Buffer {
  return createHash("sha256").update(publicKey).digest().subarray(0, checksumBytes)
}
