/** Wycheproof's files of key encapsulation and agreement. */
import type { KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import type { VectorFile } from "./files.ts"
import { xdhPublicKey } from "./pairs.ts"

const kem = (algorithm: KeyAlgorithmId) =>
  ({ kind: "kem", algorithm, mechanism: "ML_KEM" }) as const
const ecdh = (algorithm: KeyAlgorithmId) =>
  ({
    kind: "agree",
    algorithm,
    mechanism: "ECDH",
    peer: (published: Uint8Array) => published,
  }) as const
/** RFC 7748 lets twists and numbers above the prime be; what comes out as zero it does not. */
const xdh = (algorithm: "X25519" | "X448") =>
  ({
    kind: "agree",
    algorithm,
    mechanism: algorithm,
    peer: (published: Uint8Array) => xdhPublicKey(algorithm, published),
    isUnusualGood: (flags: readonly string[]) => !flags.includes("ZeroSharedSecret"),
  }) as const

/** By its name without `_test.json`. */
export const sharedSecretFiles = {
  mlkem_512: {
    ...kem("ML_KEM_512"),
    tests: 193,
    sha256: "2f72b5f6db7410d8b7be7030e26f0980fca542c674e4902558f74af8236353b9",
  },
  mlkem_768: {
    ...kem("ML_KEM_768"),
    tests: 193,
    sha256: "c2bc0264a150c3a4399da72701d154672e9f708420cff8f01340ef0b1f17f4f7",
  },
  mlkem_1024: {
    ...kem("ML_KEM_1024"),
    tests: 193,
    sha256: "394c997a67ab86a5e7eae9d96007931cc594126b27b3a4f47b8ab7c4f0826bf9",
  },
  ecdh_secp256r1: {
    ...ecdh("EC_P256"),
    tests: 612,
    sha256: "cdb8bd5d1206fddb6618c69ffa18f303b4752caba321d348d4aacae3f20cbec4",
  },
  ecdh_secp384r1: {
    ...ecdh("EC_P384"),
    tests: 1047,
    sha256: "25a9c41573dbea97c5b4be2dd00369fa68dc37ac8f41807d8e16226d188ec6a7",
  },
  ecdh_secp521r1: {
    ...ecdh("EC_P521"),
    tests: 916,
    sha256: "b5e379919833afa94ef6cb7e085367408a5ea63cf486ad008ad36ef9be4bebf0",
  },
  ecdh_secp256k1: {
    ...ecdh("EC_SECP256K1"),
    tests: 752,
    sha256: "049fa2be70e9db836a043aba6132b53cd97de4c0de5277bca6d65a2770075cae",
  },
  ecdh_brainpoolP256r1: {
    ...ecdh("EC_BRAINPOOL_P256"),
    tests: 804,
    sha256: "8502c0259d85813d93cba5a664245b2d5ad1cdd3480a77337f3b377b8d63ccf4",
  },
  x25519: {
    ...xdh("X25519"),
    tests: 518,
    sha256: "35c3f5231cf25cc640b524d403461deee9e49441d5d915a3a25b2c8ff5adbe7d",
  },
  x448: {
    ...xdh("X448"),
    tests: 510,
    sha256: "0f8f7199dbd47d1805cb9b13dfb29c207406bc786827bfd9ba7b73374b830fe5",
  },
} as const satisfies Record<string, VectorFile>
