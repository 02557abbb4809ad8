/** Signatures over a digest through the addon. */

import type { Addon } from "../native/addon.ts"
import { half, type NativeKey } from "../native/provider.ts"
import { secretHalf } from "../node/key.ts"
import type { DigestRow, DigestRows, DigestScheme } from "./row.ts"

/** At OpenSSL's speed and in constant time; off the event loop for keys of the slow lane. */
export function nativeDigests(addon: Addon): DigestRows<NativeKey> {
  const row = (scheme: DigestScheme): DigestRow<NativeKey> => ({
    sign: (key, { name }, digest) => {
      secretHalf(key)
      const pair = half(key.pair)
      return key.lane === "fast"
        ? addon.signDigest(pair, scheme, name, digest)
        : addon.signDigestLater(pair, scheme, name, digest)
    },
    verify: (key, { name }, digest, signature) =>
      addon.verifyDigest(half(key.pair), scheme, name, digest, signature),
  })
  return { ecdsa: row("ecdsa"), pss: row("pss"), pkcs1: row("pkcs1") }
}
