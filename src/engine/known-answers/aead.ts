/** Known answers of authenticated encryption. */

import type { EncryptionId } from "../provider.ts"
import { hex, type Answers, type EncryptionAnswer } from "./answer.ts"

/** By mechanism; every size of key has one. */
export const aeadAnswers = {
  AES_GCM_SIV: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_gcm_siv, test 8",
      key: hex`01000000000000000000000000000000`,
      iv: hex`030000000000000000000000`,
      aad: hex`01`,
      plaintext: hex`0200000000000000`,
      ciphertext: hex`1e6daba35669f4273b0a1a2560969cdf790d99759abd1508`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_gcm_siv, test 107",
      key: hex`0100000000000000000000000000000000000000000000000000000000000000`,
      iv: hex`030000000000000000000000`,
      aad: hex`01`,
      plaintext: hex`0200000000000000`,
      ciphertext: hex`1de22967237a813291213f267e3b452f02d01ae33e4ec854`,
    },
  ],
  AES_CCM: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_ccm, test 12",
      key: hex`9415f925bcb41dc25e86c826dbc8bf68`,
      iv: hex`bdffaa763b916ff0ee3f3ce4`,
      aad: hex`705d676cd8a94451`,
      plaintext: hex`feb36167eafc02c8e2bd6e13817686ba`,
      ciphertext: hex`08db327a88be7b48f430fd7bfccdf502b7c249f810adacf99abded1f3b9130f2`,
    },
    {
      algorithm: "AES_192",
      source: "Wycheproof aes_ccm, test 90",
      key: hex`400eec9b06a80a8403d45dae5d58cc917bc854f51cd3ce0d`,
      iv: hex`447dd09a23708f3b6664e15b`,
      aad: hex`7320367d5b070559`,
      plaintext: hex`b784925a695f0ed14ca40249c1fd5d1a`,
      ciphertext: hex`912d05c402383950e1c5a5188e6241d8ab309be2c05c941fbfb338ba064b19a1`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_ccm, test 168",
      key: hex`b907a45075513fe8a8019edee3f2591487b2a030b03c6e1d771c862571d2ea1e`,
      iv: hex`118a6964c2d3e380071f5266`,
      aad: hex`034585621af8d7ff`,
      plaintext: hex`55a465644f5b650928cbee7c063214d6`,
      ciphertext: hex`ab01f92db4f210bdb5edaf0a1bd19eba621630c505d24e3b29294977d8ffa4b4`,
    },
  ],
  XCHACHA20_POLY1305: [
    {
      algorithm: "CHACHA20",
      source: "Wycheproof xchacha20_poly1305, test 19",
      key: hex`d447796ed4ceb2e43942700e7759e335f67afa8653748db95f924c94488195db`,
      iv: hex`cc4781134455e89c836f7433bd0426776f945d82f6358276`,
      aad: hex`06947c3afa797e99`,
      plaintext: hex`77c46ada19c81849`,
      ciphertext: hex`80c8e9ac2cec97ce9b62dcc8076098affcb6e7995aaa99a6`,
    },
  ],
  CHACHA20_POLY1305: [
    {
      algorithm: "CHACHA20",
      source: "Wycheproof chacha20_poly1305, test 19",
      key: hex`1131c1418577a054de7a4ac551950f1a053f9ae46e5b75fe4abd5608d7cddadd`,
      iv: hex`b4ea666ee119563366484a78`,
      aad: hex`66c0ae70076cb14d`,
      plaintext: hex`a4c9c2801b71f7df`,
      ciphertext: hex`b9b910433af052b04530f51aeee024e0a445a6328fa67a18`,
    },
  ],
} as const satisfies Partial<Readonly<Record<EncryptionId, Answers<EncryptionAnswer>>>>
