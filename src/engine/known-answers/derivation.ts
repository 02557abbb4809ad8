/** Known answers of key derivation, of a publication or of another implementation. */

import type { DerivationId } from "../provider.ts"
import { hex, type Answers, type DerivationAnswer } from "./answer.ts"

const rising32 = hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`
const password = new TextEncoder().encode("correct horse battery staple")
const salt = hex`606162636465666768696a6b6c6d6e6f`
const info = new TextEncoder().encode("keyhold info")
const label = new TextEncoder().encode("label")
const context = new TextEncoder().encode("context")
const iv = Uint8Array.from({ length: 64 }, (_, index) => 0x80 + index)
/** RFC 7748 section 6.1, in PKCS#8 and SPKI. */
const alice = hex`
  302e020100300506032b656e0422042077076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177
  fba51db92c2a
`
const bob = hex`
  302a300506032b656e032100de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f88
  2b4f
`

export const derivationAnswers = {
  HKDF_SHA_256: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf HKDF",
      key: rising32,
      input: { salt, info },
      derived: hex`
        3c0a36dd5b3103a1cca5987c5e29fccc1a9869c9bb9d564bf4624baf20de9bcccc3cfcec0231d70a1623
        efb275484a8bb9f6b115cdf23c91034f2440e92d7aa8a25675fc26b0f6c622fc8c79c99c3070
      `,
    },
  ],
  HKDF_SHA_384: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf HKDF",
      key: rising32,
      input: { salt, info },
      derived: hex`
        79869ad0be6ec477df352d515812644cff322d1a594813351cf37a63c3371f9bc15bb874f07362a45a46
        59e81beda139f4661c6ebb0e421f532ea352a7f4edd2f5de5418a3121bfb80782c250c9fbe64
      `,
    },
  ],
  HKDF_SHA_512: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf HKDF",
      key: rising32,
      input: { salt, info },
      derived: hex`
        d461e4bb8afa9b95581cd690c63ef3eb3636e2dbf86045e62e0f78ad00494b3340bc03c84782eda13551
        7066c70618aa5ce79b585c4118027b4e2f06fab3b95c0ea533afcced5de9f5ccf0cc038dc97d
      `,
    },
  ],
  KBKDF_COUNTER_HMAC_SHA_256: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context },
      derived: hex`
        793c8c6322234b76061bb6be858d899cf6c2cf3a2cf075f22bed2b8a17d10ff1cd9a6cdfd6c0f4bcaea6
        f6700b4decc8cb28a019968a859f4e2d4ec8c686dbd5a33e6943413e3db9b6c04a28022f936e
      `,
    },
  ],
  KBKDF_COUNTER_HMAC_SHA_384: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context },
      derived: hex`
        de44d4a50208abb510b2b87911e65056dafc71f2faf2395514fc3c74a6880651e94c90e83989e0487083
        8dc5d17b78130627418b1c64011c1a4103c4bfe85b21eac1eda311b7ecaed44fabf41c0e13e4
      `,
    },
  ],
  KBKDF_COUNTER_HMAC_SHA_512: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context },
      derived: hex`
        8615c967ececc83be26699c746900473707b951362ef81d8b565126b60a4c3ea4c59580e13e0d2427629
        3658b333b798ff9e59c493c364957e4a9753cb61d049557e9498038355f5c6511af84821e6a7
      `,
    },
  ],
  KBKDF_COUNTER_AES_CMAC: [
    {
      algorithm: "AES_128",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 16),
      input: { label, context },
      derived: hex`
        3a0d09aaaa6bfe45e73bd51e036f66456b991e5d5e03ade63bf7bee1035f0395e5eacd9df9d8aac9a159
        196ce0b5f7548813265aaa7c9bf0b870280a43bea668a83e57c0c3c684e586e51373bdbc9156
      `,
    },
    {
      algorithm: "AES_192",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 24),
      input: { label, context },
      derived: hex`
        476323e4c47ed6b56d36c40fa069ac0581f64e257b9f37a915a55c99131d26bc8f4ce052e5617b5b0bcf
        06b3f4a16e188dd6c9b78c8514b69e591b49b00f80ea7951dafd2cbcacc1f33f566e6c37bff4
      `,
    },
    {
      algorithm: "AES_256",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 32),
      input: { label, context },
      derived: hex`
        bef26cc6d81807a5627132501c637b0ea3cb167acda1064a0d22645f61ce2dd102a7f96dd6516e754c7f
        515bcd1fb7c6343cd0425d1744d3b73e8f88d77c0aff879fc682c367c51ba4a7f34ca41eb677
      `,
    },
  ],
  KBKDF_FEEDBACK_HMAC_SHA_256: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context, iv: iv.subarray(0, 32) },
      derived: hex`
        a88d5c4a867161e6ee82a31cdd7157837a5ffeea832c68097883d799d53ee623efcb22c283436e4dc608
        b7bbc9580fdc3bb64a989b7fb592169916c7912163df15c230859701335798bc6e7c2755b9bf
      `,
    },
  ],
  KBKDF_FEEDBACK_HMAC_SHA_384: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context, iv: iv.subarray(0, 48) },
      derived: hex`
        51a2df581ff02847e8ff0e51e9d37c8b5587e62204adae767f67ad590cebf15d7e3a79625aa081667eb5
        80843961da0409b64fa8c2acba7b64798bd7ebfc1b8e7f47fd776c5642facfeece1d1f98a14a
      `,
    },
  ],
  KBKDF_FEEDBACK_HMAC_SHA_512: [
    {
      algorithm: "GENERIC_SECRET",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32,
      input: { label, context, iv: iv.subarray(0, 64) },
      derived: hex`
        cca63f8177cd570c3af7203360bb74ffa90c624f7af3da8b9104a74c864373f33f69688e8be86790f187
        cc71170ff3e20c3145d74bc26dab0cf9a83721050ad2d717d50d9a1bfd09c16178ddedd31634
      `,
    },
  ],
  KBKDF_FEEDBACK_AES_CMAC: [
    {
      algorithm: "AES_128",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 16),
      input: { label, context, iv: iv.subarray(0, 16) },
      derived: hex`
        c9f862e5cfc6237dc65d9453258bd6da970d8702e9398ab582ef6c533c33b4771827a48431bbccae95e0
        0fadfbdd2bbdad0298c6fa6385c8d3118afae93e78c7258ac2909b78032b3cf6c8663774f35a
      `,
    },
    {
      algorithm: "AES_192",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 24),
      input: { label, context, iv: iv.subarray(0, 16) },
      derived: hex`
        2b3124fece6d8adef3d4579f7a8d97fbc0bf3b171d92a8b2612abb99e3d6c2ebc41fa204cabc5ab17d20
        ea41879533d95fa46c36e96030b9cfc4f3315c15b8aa3761a5f7e9d14272152fc488bbb51fff
      `,
    },
    {
      algorithm: "AES_256",
      source: "OpenSSL 3.0.19 kdf KBKDF",
      key: rising32.subarray(0, 32),
      input: { label, context, iv: iv.subarray(0, 16) },
      derived: hex`
        7a7f2747e0c0bc49eef90c88f36f116cfe5c1e3628965c20611fa89eddb8bd3e05b3dc418e1da86986b8
        0bb1f18955b420e6cc6044e029cc64607101d07496d7fcc8f5dd2ededb6a2e566b1bdec34e95
      `,
    },
  ],
  PBKDF2_HMAC_SHA_256: [
    {
      algorithm: "PASSWORD",
      source: "OpenSSL 3.0.19 kdf PBKDF2",
      key: password,
      input: { salt, iterations: 1_000 },
      derived: hex`
        c6975bda14560eb6b65a1375cc41032202e86658910b059b12535b1854b2805850c8fb20f3a04071b26d
        c29cbe21e91642ccefee905163447103386a3be8eda30893f29cd4a896169954c1be89de3293
      `,
    },
  ],
  PBKDF2_HMAC_SHA_512: [
    {
      algorithm: "PASSWORD",
      source: "OpenSSL 3.0.19 kdf PBKDF2",
      key: password,
      input: { salt, iterations: 1_000 },
      derived: hex`
        8d5c8528de0e5ad3df5c3e9e67b0d39ad6d7bce197d72ad91d097e8f10dd846ec571d16425facd4f0f5a
        d65dbe92878063f070ee92003b7c5663c053a676bab74ef8994eb43e4d0b4993dccdadc927b5
      `,
    },
  ],
  ARGON2ID: [
    {
      algorithm: "PASSWORD",
      source: "@noble/hashes 2.4.0 argon2id",
      key: password,
      input: { salt, iterations: 2, memoryKiB: 64, parallelism: 2 },
      derived: hex`
        90295810b579ae1c0bfea9bd7f32bd0e5d0478d1c81c91e5269f37b5e6d48f57abd8377347b0855139a9
        40b4c4c4bc1d5973264296fb3f9294157c92cbb628b46e71dd117c0f8a446f91b91f2c1968a4
      `,
    },
  ],
  AGREEMENT_HKDF_SHA_256: [
    {
      algorithm: "X25519",
      source: "RFC 7748 section 6.1, OpenSSL 3.0.19 kdf HKDF",
      key: alice,
      input: { publicKey: bob, salt, info },
      derived: hex`
        f0683905e61d7e9a275fa9fca48d048d92fcbf993b123f3be47930493e659bc745cb87e342a30ebeff78
        2d23d741442a2cc046e1ee1a8d872f722da6a20616969fdfae9b3052a3a639e948f8849b4a6c
      `,
    },
  ],
  AGREEMENT_HKDF_SHA_384: [
    {
      algorithm: "X25519",
      source: "RFC 7748 section 6.1, OpenSSL 3.0.19 kdf HKDF",
      key: alice,
      input: { publicKey: bob, salt, info },
      derived: hex`
        a93f517ad3dd0d5322b9ee3966f31c91c344e76cde06db9ede424a3bd3415189784855c5f17906839674
        15d4f9c675cf62f8591eb1d6478f962876f29bad779b1985f7c323e5c7eb809c7b715d027ba8
      `,
    },
  ],
  AGREEMENT_HKDF_SHA_512: [
    {
      algorithm: "X25519",
      source: "RFC 7748 section 6.1, OpenSSL 3.0.19 kdf HKDF",
      key: alice,
      input: { publicKey: bob, salt, info },
      derived: hex`
        d5bae28c25a7b69092ae4e7912decc6d3b55960ff64ac42ec7b4c5acc817afa85c23f60dcbbe0c49febe
        f9ebf1e2ab992e4b7b8cda3f8ac94af917d5d83ef3981f5293d9ae392be459ef106e92a20182
      `,
    },
  ],
} as const satisfies Record<DerivationId, Answers<DerivationAnswer>>
