/** Key agreement through node:crypto: ECDH, X25519, X448 and finite-field DH are one call. */

import { diffieHellman } from "node:crypto"
import { promisify } from "node:util"
import type { AgreementRow } from "../provider.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"

const agreeLater = promisify(diffieHellman)

/**
 * OpenSSL pads the secret of DH to the prime's length and gives the x-coordinate of ECDH in the
 * field's, where zero is as good as any. It refuses the point at infinity, and zeros of X25519 and
 * X448 (RFC 7748 section 6): vectors show that.
 */
export const agreement: AgreementRow<NodeKey> = {
  agree: (key, peer) => {
    const halves = { privateKey: secretHalf(key), publicKey: publicHalf(peer) }
    return key.lane === "fast" ? plain(diffieHellman(halves)) : agreeLater(halves).then(plain)
  },
}
