/**
 * HPKE (RFC 9180), base mode, with X-Wing as its KEM (draft-ietf-hpke-pq, KEM 0x647a),
 * HKDF-SHA-256, and one message per encapsulation. How a share travels: to the custodian, then from
 * his machine to a node.
 */

import { createCipheriv, createDecipheriv, createHmac } from "node:crypto"

import { decryptionFailed } from "../domain/errors.ts"
import { decapsulateXWing, encapsulateXWing, xwingSizes, type XWingPrivateKey } from "./xwing.ts"

const kemId = 0x647a // draft-ietf-hpke-pq, table of KEM identifiers.
const kdfId = 1 // HKDF-SHA-256: RFC 9180 section 7.2.
const modeBase = 0 // RFC 9180 section 5.
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const empty = new Uint8Array()

/** RFC 9180 section 7.3. Keyhold writes the first; the published vectors use the second. */
const aeads = {
  AES_256_GCM: {
    id: 2,
    decipher: (key: Uint8Array, nonce: Uint8Array) =>
      createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }),
  },
  CHACHA20_POLY1305: {
    id: 3,
    decipher: (key: Uint8Array, nonce: Uint8Array) =>
      createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes }),
  },
} as const
export type HpkeAead = keyof typeof aeads

/** Bytes that sealing adds to a message. */
export const hpkeOverhead = xwingSizes.ciphertext + tagBytes

/** What a message is bound to: neither is sent, both sides must know them. */
export interface HpkeBinding {
  readonly info: Uint8Array
  /** Empty unless given. */
  readonly aad?: Uint8Array
}

/**
 * Seals `plaintext` for the holder of an X-Wing public key.
 *
 * @returns the encapsulated key (1120 bytes), the ciphertext, and its tag (16 bytes).
 * @throws HsmError MALFORMED_REQUEST when `publicKey` is none.
 */
export function sealTo(
  publicKey: Uint8Array,
  { info, aad = empty }: HpkeBinding,
  plaintext: Uint8Array,
): Uint8Array {
  const { sharedSecret, ciphertext } = encapsulateXWing(publicKey)
  const { key, nonce } = schedule(sharedSecret, info, "AES_256_GCM")
  const sealer = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
  key.fill(0)
  sealer.setAAD(aad, { plaintextLength: plaintext.length })
  const sealed = [ciphertext, sealer.update(plaintext), sealer.final(), sealer.getAuthTag()]
  return Buffer.concat(sealed)
}

/**
 * Opens what {@link sealTo} sealed; the caller wipes the plaintext.
 *
 * @throws HsmError DECRYPTION_FAILED, the same for every reason.
 */
export function openWith(
  privateKey: XWingPrivateKey,
  { info, aad = empty }: HpkeBinding,
  sealed: Uint8Array,
  aead: HpkeAead = "AES_256_GCM",
): Buffer {
  const end = sealed.length - tagBytes
  if (end < xwingSizes.ciphertext) throw decryptionFailed()
  const encapsulated = sealed.subarray(0, xwingSizes.ciphertext)
  const { key, nonce } = schedule(decapsulateXWing(privateKey, encapsulated), info, aead)
  const body = sealed.subarray(xwingSizes.ciphertext, end)
  try {
    const opener = aeads[aead].decipher(key, nonce)
    opener.setAAD(aad, { plaintextLength: body.length })
    opener.setAuthTag(sealed.subarray(end))
    const plaintext = opener.update(body)
    opener.final()
    return plaintext
  } catch {
    throw decryptionFailed()
  } finally {
    key.fill(0)
  }
}

/** KeySchedule of RFC 9180 section 5.1; the nonce of message 0 is the base nonce. */
function schedule(sharedSecret: Uint8Array, info: Uint8Array, aead: HpkeAead) {
  const { id } = aeads[aead]
  const suite = Buffer.from([...Buffer.from("HPKE"), kemId >> 8, kemId & 0xff, 0, kdfId, 0, id])
  const pskHash = labeledExtract(suite, empty, "psk_id_hash", empty)
  const infoHash = labeledExtract(suite, empty, "info_hash", info)
  const context = Buffer.concat([Uint8Array.of(modeBase), pskHash, infoHash])
  const secret = labeledExtract(suite, sharedSecret, "secret", empty)
  sharedSecret.fill(0)
  const key = labeledExpand(suite, secret, { label: "key", context, length: keyBytes })
  const nonce = labeledExpand(suite, secret, { label: "base_nonce", context, length: nonceBytes })
  secret.fill(0)
  return { key, nonce }
}

/** RFC 9180 section 4; HKDF-Extract is HMAC (RFC 5869 section 2.2). */
function labeledExtract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  input: Uint8Array,
): Buffer {
  return createHmac("sha256", salt)
    .update("HPKE-v1")
    .update(suite)
    .update(label)
    .update(input)
    .digest()
}

/** RFC 9180 section 4; one block of HKDF-Expand suffices for 32 bytes (RFC 5869 section 2.3). */
function labeledExpand(
  suite: Uint8Array,
  secret: Uint8Array,
  { label, context, length }: { label: string; context: Uint8Array; length: number },
): Uint8Array {
  return createHmac("sha256", secret)
    .update(Uint8Array.of(0, length))
    .update("HPKE-v1")
    .update(suite)
    .update(label)
    .update(context)
    .update(Uint8Array.of(1))
    .digest()
    .subarray(0, length)
}
