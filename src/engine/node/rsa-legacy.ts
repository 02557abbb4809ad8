/**
 * RSA encryption as old data has it: RSAES-PKCS1-v1_5 (RFC 8017 section 7.2), and RSA alone.
 *
 * A ciphertext that is not well padded opens to bytes that depend on key and ciphertext alone, as
 * OpenSSL 3.2 and later have it (implicit rejection): no caller learns whether it was.
 */

import { constants, privateDecrypt, publicEncrypt } from "node:crypto"
import type { EncryptionRow } from "../provider.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"
import { modulusBytes, wholeCiphertext } from "./rsa-encoding.ts"

function encryption(
  padding: number,
  plaintexts: Pick<EncryptionRow<NodeKey>, "plaintextBytesMin" | "plaintextBytesMax">,
): EncryptionRow<NodeKey> {
  return {
    ivBytes: 0,
    aead: false,
    ...plaintexts,
    seal: (key, { plaintext }) =>
      plain(publicEncrypt({ key: publicHalf(key), padding }, plaintext)),
    open: (key, { ciphertext }) =>
      plain(privateDecrypt({ key: secretHalf(key), padding }, wholeCiphertext(key, ciphertext))),
  }
}

/** RFC 8017 section 7.2.1, step 1. */
export const pkcs1Encryption = encryption(constants.RSA_PKCS1_PADDING, {
  plaintextBytesMax: (key) => modulusBytes(key) - 11,
})
/** RFC 8017 section 5.1: a number below the modulus, in as many bytes. */
export const raw = encryption(constants.RSA_NO_PADDING, {
  plaintextBytesMin: modulusBytes,
  plaintextBytesMax: modulusBytes,
})
