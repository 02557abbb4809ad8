/**
 * Keys that a node makes for approvers: used once, to certify themselves, and handed out in a file
 * under their approver's password. Nothing of the private half stays here.
 */

import { createCipheriv } from "node:crypto"
import { instant, type Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { KeyToMake } from "../domain/principal.ts"
import type { Permit } from "../domain/policy.ts"
import { certificateInfo, keyIdentifier, withSignature } from "./certificates/build.ts"
import { signatureIdentifier } from "./certificates/identifiers.ts"
import { encodeSubject } from "./certificates/names.ts"
import { generateMaterial } from "./generate.ts"
import { malformed } from "./malformed.ts"
import { join } from "./node/key.ts"
import { provider } from "./open-keys.ts"
import { usualParameters } from "./provider.ts"
import { randomBytes } from "./random.ts"
import { SecretBytes } from "./secret-bytes.ts"
import { writePkcs12 } from "./write-pkcs12.ts"

const mechanism = "RSA_PKCS1_SHA_256"
const serialBytes = 20 // RFC 5280 section 4.1.2.2.
const ivBytes = 12 // SP 800-38D section 8.2.2; the key is good for one message.

export interface MadeApproverKey {
  /** DER, signed by its own key. */
  readonly certificate: Uint8Array
  /** PKCS#12; the caller wipes it. */
  readonly file: SecretBytes
}

/** Makes a pair, certifies it, and writes the file. @throws HsmError INTERNAL. */
export async function makeApproverKey(
  permit: Permit,
  { algorithm, lifeMs, file }: KeyToMake,
  { name, now }: { readonly name: string; readonly now: Instant },
): Promise<MadeApproverKey> {
  const { material, publicKey = new Uint8Array() } = await generateMaterial(algorithm, permit)
  using key = material
  const signedWith = signatureIdentifier(algorithm, mechanism) ?? new Uint8Array()
  const subject = encodeSubject(`CN=${name.replaceAll("+", String.raw`\+`)}`)
  const serial = randomBytes(serialBytes)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // Positive, of full length.
  const info = certificateInfo({
    serial,
    signedWith,
    issuer: subject,
    issuerKeyId: keyIdentifier(publicKey),
    notBefore: now,
    notAfter: instant(now + lifeMs),
    subject,
    publicKey,
    profile: { keyUsage: ["digitalSignature", "nonRepudiation"] },
  })
  const open = provider.keys[algorithm].open(key, publicKey)
  const signature = await provider.signature[mechanism].sign(open, info, usualParameters)
  const certificate = withSignature(info, signedWith, signature)
  return { certificate, file: writePkcs12(file, { key, certificate, name }) }
}

/** AES-GCM as the dialect's clients open it: the tag at the end, no associated data. */
export interface TransportedFile {
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * Seals a file for the way to its approver.
 *
 * @param password - whose bytes are the key: 16 or 32.
 * @throws HsmError MALFORMED_REQUEST, field `/transportPassword`.
 */
export function sealForTransport(password: string, file: SecretBytes): TransportedFile {
  using key = new SecretBytes(transportKey(password))
  const iv = randomBytes(ivBytes)
  return key.lend((secret) => {
    const cipher = createCipheriv(secret.length === 16 ? "aes-128-gcm" : "aes-256-gcm", secret, iv)
    const begun = file.lend((bytes) => cipher.update(bytes))
    return { iv, ciphertext: join(join(begun, cipher.final()), cipher.getAuthTag()) }
  })
}

/** @throws as {@link sealForTransport}. */
export function transportKey(password: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(password))
  if (bytes.length === 16 || bytes.length === 32) return bytes
  throw malformed("/transportPassword", "has 16 or 32 bytes")
}

/** @throws HsmError MALFORMED_REQUEST, field `/backupPassword`. */
export function checkKeyFilePassword(password: string): void {
  const { custodianPasswordLengthMin: min, passphraseLengthMax: max } = limits
  if (password.length >= min && password.length <= max) return
  throw malformed("/backupPassword", `has ${min} to ${max} characters`)
}
