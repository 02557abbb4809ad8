/** Authenticated encryption through node:crypto; the full tag follows the ciphertext. */

import { createCipheriv, createDecipheriv, type CipherGCMTypes, type KeyObject } from "node:crypto"
import type { EncryptionRow, OpenInput, SealInput } from "../provider.ts"
import { join, plain, secretHalf, type NodeKey } from "./key.ts"

const tagBytes = 16
/** SP 800-38D section 5.2.1.1: what needs no hashing; RFC 8452 and 8439 know no other. */
const ivBytes = 12

/** An algorithm of OpenSSL's, and a KeyObject or derived key bytes. */
interface Keyed {
  readonly cipher: string
  readonly key: KeyObject | Uint8Array
}

/** Node's types list some authenticated ciphers; all have the same methods. */
function typed(cipher: string): CipherGCMTypes {
  return cipher as CipherGCMTypes
}

/** Encrypts; CCM alone has to be told the length beforehand. */
export function sealAead({ cipher, key, iv, aad, plaintext }: Keyed & SealInput): Uint8Array {
  const sealing = createCipheriv(typed(cipher), key, iv, { authTagLength: tagBytes })
  sealing.setAAD(aad, { plaintextLength: plaintext.length })
  const body = sealing.update(plaintext)
  sealing.final()
  return join(body, sealing.getAuthTag())
}

/** Opens what {@link sealAead} made; throws OpenSSL's error otherwise. */
export function openAead({ cipher, key, iv, aad, ciphertext }: Keyed & OpenInput): Uint8Array {
  const tagAt = ciphertext.length - tagBytes
  const opening = createDecipheriv(typed(cipher), key, iv, { authTagLength: tagBytes })
  opening.setAuthTag(ciphertext.subarray(tagAt))
  opening.setAAD(aad, { plaintextLength: tagAt })
  const plaintext = opening.update(ciphertext.subarray(0, tagAt))
  try {
    opening.final()
  } catch (error) {
    // What failed authentication was never a plaintext: it must not linger.
    plaintext.fill(0)
    throw error
  }
  return plain(plaintext)
}

/** One row per algorithm; `cipher` names it for a key of so many bits. */
export function aead(cipher: (bits: number) => string): EncryptionRow<NodeKey> {
  const keyed = (key: NodeKey): Keyed => {
    const secret = secretHalf(key)
    return { cipher: cipher((secret.symmetricKeySize ?? 0) * 8), key: secret }
  }
  return {
    ivBytes,
    aead: true,
    seal: (key, input) => sealAead({ ...keyed(key), ...input }),
    open: (key, input) => openAead({ ...keyed(key), ...input }),
  }
}
