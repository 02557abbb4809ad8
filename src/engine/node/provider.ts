/** The provider that node:crypto (OpenSSL 3.5) is: all rows of this version. */

import type { Provider } from "../provider.ts"
import { cbcPad, ctr, gcm, kwp } from "./aes.ts"
import { hmac } from "./hmac.ts"
import type { NodeKey } from "./key.ts"
import { ec, edwards25519, pairKeys, rsa } from "./pair-keys.ts"
import { oaep } from "./rsa-oaep.ts"
import { secretKeys } from "./secret-keys.ts"
import { ecdsa, ed25519, pkcs1, pss } from "./signatures.ts"
import { xaes256Gcm } from "./xaes.ts"

export const nodeProvider = {
  name: "node:crypto",
  keys: {
    AES_128: secretKeys("AES_128", { bytes: 16 }),
    AES_192: secretKeys("AES_192", { bytes: 24 }),
    AES_256: secretKeys("AES_256", { bytes: 32 }),
    HMAC_SHA_256: secretKeys("HMAC_SHA_256", { bytes: 32, bytesMax: 64 }),
    HMAC_SHA_384: secretKeys("HMAC_SHA_384", { bytes: 48, bytesMax: 128 }),
    HMAC_SHA_512: secretKeys("HMAC_SHA_512", { bytes: 64, bytesMax: 128 }),
    RSA_2048: pairKeys("RSA_2048", rsa(2048)),
    RSA_3072: pairKeys("RSA_3072", rsa(3072)),
    RSA_4096: pairKeys("RSA_4096", rsa(4096)),
    EC_P256: pairKeys("EC_P256", ec("prime256v1")),
    EC_P384: pairKeys("EC_P384", ec("secp384r1")),
    EC_P521: pairKeys("EC_P521", ec("secp521r1")),
    ED25519: pairKeys("ED25519", edwards25519),
  },
  encryption: {
    XAES_256_GCM: xaes256Gcm,
    AES_GCM: gcm,
    AES_CBC_PAD: cbcPad,
    AES_CTR: ctr,
    RSA_OAEP_SHA_256: oaep("SHA-256"),
    RSA_OAEP_SHA_384: oaep("SHA-384"),
    RSA_OAEP_SHA_512: oaep("SHA-512"),
  },
  signature: {
    ECDSA_SHA_256: ecdsa("sha256"),
    ECDSA_SHA_384: ecdsa("sha384"),
    ECDSA_SHA_512: ecdsa("sha512"),
    RSA_PSS_SHA_256: pss("sha256", 32),
    RSA_PSS_SHA_384: pss("sha384", 48),
    RSA_PSS_SHA_512: pss("sha512", 64),
    RSA_PKCS1_SHA_256: pkcs1("sha256"),
    RSA_PKCS1_SHA_384: pkcs1("sha384"),
    RSA_PKCS1_SHA_512: pkcs1("sha512"),
    ED25519: ed25519,
  },
  mac: {
    HMAC_SHA_256: hmac("sha256"),
    HMAC_SHA_384: hmac("sha384"),
    HMAC_SHA_512: hmac("sha512"),
  },
  wrap: { AES_KWP: kwp },
} as const satisfies Provider<NodeKey>
