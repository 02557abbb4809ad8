/** Known answers of block ciphers without authentication. */

import type { EncryptionId } from "../provider.ts"
import { hex, none, type Answers, type EncryptionAnswer } from "./answer.ts"

/** By mechanism; every size of key has one. */
export const blockCipherAnswers = {
  AES_CBC: [
    {
      algorithm: "AES_128",
      source: "SP 800-38A section F.2.1",
      key: hex`2b7e151628aed2a6abf7158809cf4f3c`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116
        e69e222295163ff1caa1681fac09120eca307586e1a7
      `,
    },
    {
      algorithm: "AES_192",
      source: "SP 800-38A section F.2.3",
      key: hex`8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9
        baac3df102e008b0e27988598881d920a9e64f5615cd
      `,
    },
    {
      algorithm: "AES_256",
      source: "SP 800-38A section F.2.5",
      key: hex`603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530
        e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b
      `,
    },
  ],
  AES_ECB: [
    {
      algorithm: "AES_128",
      source: "SP 800-38A section F.1.1",
      key: hex`2b7e151628aed2a6abf7158809cf4f3c`,
      iv: none,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf43b1cd7f598ece23881b
        00e3ed0306887b0c785e27e8ad3f8223207104725dd4
      `,
    },
    {
      algorithm: "AES_192",
      source: "SP 800-38A section F.1.3",
      key: hex`8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b`,
      iv: none,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eefef7afd2270e2e60adce0
        ba2face6444e9a4b41ba738d6c72fb16691603c18e0e
      `,
    },
    {
      algorithm: "AES_256",
      source: "SP 800-38A section F.1.5",
      key: hex`603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4`,
      iv: none,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153
        e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7
      `,
    },
  ],
  CAMELLIA_CBC_PAD: [
    {
      algorithm: "CAMELLIA_128",
      source: "Wycheproof camellia_cbc_pkcs5, test 2",
      key: hex`e09eaa5a3f5e56d279d5e7a03373f6ea`,
      iv: hex`c9ee3cd746bf208c65ca9e72a266d54f`,
      aad: none,
      plaintext: hex`ef4eab37181f98423e53e947e7050fd0`,
      ciphertext: hex`e4758e976f51c0fe9ae7abef11192a78339d7f295dc68b66e035ec2e3b74cc9a`,
    },
    {
      algorithm: "CAMELLIA_192",
      source: "Wycheproof camellia_cbc_pkcs5, test 74",
      key: hex`f4bfa5aa4f0f4d62cf736cd2969c43d580fdb92f2753bedb`,
      iv: hex`69a76dc4da64d89c580eb75ae975ec39`,
      aad: none,
      plaintext: hex`0e239f239705b282ce2200fe20de1165`,
      ciphertext: hex`248a53cd08d9ad8b40087c239c551dd888e24c110fe312ae76e2523b4e37338a`,
    },
    {
      algorithm: "CAMELLIA_256",
      source: "Wycheproof camellia_cbc_pkcs5, test 146",
      key: hex`612e837843ceae7f61d49625faa7e7494f9253e20cb3adcea686512b043936cd`,
      iv: hex`9ec7b863ac845cad5e4673da21f5b6a9`,
      aad: none,
      plaintext: hex`cc37fae15f745a2f40e2c8b192f2b38d`,
      ciphertext: hex`97010511e5ac5528022606c7702faca39aa637493727029e04e90d0fa214dc11`,
    },
  ],
  TDEA_CBC_PAD: [
    {
      algorithm: "TDEA",
      source: "OpenSSL 3.0.19 enc -des-ede3-cbc, under a key of SP 800-67",
      key: hex`0123456789abcdef23456789abcdef01456789abcdef0123`,
      iv: hex`f69f2445df4f9b17`,
      aad: none,
      plaintext: hex`54686520717566636b2062726f776e20666f78206a756d70`,
      ciphertext: hex`a5c282bad0de3774becd2e04386b589fb5057d8552fc4336af45148b1b044b00`,
    },
  ],
  CAMELLIA_CBC: [
    {
      algorithm: "CAMELLIA_128",
      source: "OpenSSL 3.0.19 enc -camellia-128-cbc, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba9876543210`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51`,
      ciphertext: hex`6b9f90995aacb3e9c47debaa10fde80937aded36c7f0a6b2692b9cc975554953`,
    },
    {
      algorithm: "CAMELLIA_192",
      source: "OpenSSL 3.0.19 enc -camellia-192-cbc, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba98765432100011223344556677`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51`,
      ciphertext: hex`9da5006aa8fc26de71baa6b9bd5dad7df2bb569b7a3db2a8f3ad83d218238a79`,
    },
    {
      algorithm: "CAMELLIA_256",
      source: "OpenSSL 3.0.19 enc -camellia-256-cbc, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51`,
      ciphertext: hex`b3f606fe654c926dad34545ec6607928a9089e0150ce09d65de253f57a137672`,
    },
  ],
  CAMELLIA_CTR: [
    {
      algorithm: "CAMELLIA_128",
      source: "OpenSSL 3.0.19 enc -camellia-128-ctr, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba9876543210`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e510a0b0c`,
      ciphertext: hex`3b5dd6f915870064fd3296068eddc95bc02bb23a923e1a05ffb182867a7a0149d7f86e`,
    },
    {
      algorithm: "CAMELLIA_192",
      source: "OpenSSL 3.0.19 enc -camellia-192-ctr, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba98765432100011223344556677`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e510a0b0c`,
      ciphertext: hex`895af9df74daf66f538ed8cda3670300024fe8874aa754b3fe9626679b0823b72b80f1`,
    },
    {
      algorithm: "CAMELLIA_256",
      source: "OpenSSL 3.0.19 enc -camellia-256-ctr, under a key of RFC 3713",
      key: hex`0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff`,
      iv: hex`000102030405060708090a0b0c0d0e0f`,
      aad: none,
      plaintext: hex`6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e510a0b0c`,
      ciphertext: hex`cabc1be5af6a98e74af5be7d4bf6861af38316b10a965ba7851e4806b3a0a8405661ef`,
    },
  ],
  CAMELLIA_ECB: [
    {
      algorithm: "CAMELLIA_128",
      source: "RFC 3713 appendix A",
      key: hex`0123456789abcdeffedcba9876543210`,
      iv: none,
      aad: none,
      plaintext: hex`0123456789abcdeffedcba9876543210`,
      ciphertext: hex`67673138549669730857065648eabe43`,
    },
    {
      algorithm: "CAMELLIA_192",
      source: "RFC 3713 appendix A",
      key: hex`0123456789abcdeffedcba98765432100011223344556677`,
      iv: none,
      aad: none,
      plaintext: hex`0123456789abcdeffedcba9876543210`,
      ciphertext: hex`b4993401b3e996f84ee5cee7d79b09b9`,
    },
    {
      algorithm: "CAMELLIA_256",
      source: "RFC 3713 appendix A",
      key: hex`0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff`,
      iv: none,
      aad: none,
      plaintext: hex`0123456789abcdeffedcba9876543210`,
      ciphertext: hex`9acc237dff16d76c20ef7c919e3a7509`,
    },
  ],
  TDEA_CBC: [
    {
      algorithm: "TDEA",
      source: "OpenSSL 3.0.19 enc -des-ede3-cbc, under a key of SP 800-67",
      key: hex`0123456789abcdef23456789abcdef01456789abcdef0123`,
      iv: hex`f69f2445df4f9b17`,
      aad: none,
      plaintext: hex`54686520717566636b2062726f776e20666f78206a756d70`,
      ciphertext: hex`a5c282bad0de3774becd2e04386b589fb5057d8552fc4336`,
    },
  ],
  TDEA_ECB: [
    {
      algorithm: "TDEA",
      source: "SP 800-67 appendix B.1",
      key: hex`0123456789abcdef23456789abcdef01456789abcdef0123`,
      iv: none,
      aad: none,
      plaintext: hex`54686520717566636b2062726f776e20666f78206a756d70`,
      ciphertext: hex`a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900`,
    },
  ],
} as const satisfies Partial<Readonly<Record<EncryptionId, Answers<EncryptionAnswer>>>>
