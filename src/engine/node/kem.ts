/** ML-KEM (FIPS 203) through node:crypto, which decapsulates with implicit rejection. */

import { decapsulate, encapsulate } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { KemRow, WrapRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"
import { kwpUnder } from "./key-wrap.ts"

/** FIPS 203 table 3. */
const ciphertextBytes: Readonly<Partial<Record<KeyAlgorithmId, number>>> = {
  ML_KEM_512: 768,
  ML_KEM_768: 1088,
  ML_KEM_1024: 1568,
}

export const mlKemRow: KemRow<NodeKey> = {
  ciphertextBytes: ({ algorithm }) => ciphertextBytes[algorithm] ?? 0,
  encapsulate: (key) => {
    const { sharedKey, ciphertext } = encapsulate(publicHalf(key))
    return { sharedSecret: plain(sharedKey), ciphertext: plain(ciphertext) }
  },
  decapsulate: (key, ciphertext) => plain(decapsulate(secretHalf(key), ciphertext)),
}

/** FIPS 203 section 3.3: the shared secret is a key of 256 bits as it is, here of AES-KWP. */
export const mlKemAesKwp: WrapRow<NodeKey> = kwpUnder({
  headBytes: mlKemRow.ciphertextBytes,
  send: (key) => {
    const { sharedSecret, ciphertext } = mlKemRow.encapsulate(key)
    return { kek: new SecretBytes(sharedSecret), head: ciphertext }
  },
  receive: async (key, head) => new SecretBytes(await mlKemRow.decapsulate(key, head)),
})
