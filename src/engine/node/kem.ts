/** ML-KEM (FIPS 203) through node:crypto, which decapsulates with implicit rejection. */

import { decapsulate, encapsulate } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { KemRow } from "../provider.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"

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
