/** Known answers of encryption. */

import type { EncryptionId } from "../provider.ts"
import { aeadAnswers } from "./aead.ts"
import { blockCipherAnswers } from "./block-cipher.ts"
import { hex, none, type Answers, type EncryptionAnswer } from "./answer.ts"
import { rsa2048 } from "./rsa-key.ts"

/** By mechanism; every size of AES key has one. */
export const encryptionAnswers = {
  ...aeadAnswers,
  ...blockCipherAnswers,
  XAES_256_GCM: [
    {
      algorithm: "AES_256",
      source: "C2SP XAES-256-GCM, first vector",
      key: hex`0101010101010101010101010101010101010101010101010101010101010101`,
      iv: hex`4142434445464748494a4b4c4d4e4f505152535455565758`,
      aad: none,
      plaintext: hex`584145532d3235362d47434d`,
      ciphertext: hex`ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271`,
    },
    {
      algorithm: "AES_256",
      source: "C2SP XAES-256-GCM, second vector",
      key: hex`0303030303030303030303030303030303030303030303030303030303030303`,
      iv: hex`4142434445464748494a4b4c4d4e4f505152535455565758`,
      aad: hex`633273702e6f72672f584145532d3235362d47434d`,
      plaintext: hex`584145532d3235362d47434d`,
      ciphertext: hex`986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d`,
    },
  ],
  AES_GCM: [
    {
      algorithm: "AES_128",
      source: "McGrew and Viega, The Galois/Counter Mode, test case 4",
      key: hex`feffe9928665731c6d6a8f9467308308`,
      iv: hex`cafebabefacedbaddecaf888`,
      aad: hex`feedfacedeadbeeffeedfacedeadbeefabaddad2`,
      plaintext: hex`
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf
        0e2449a6b525b16aedf5aa0de657ba637b39
      `,
      ciphertext: hex`
        42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f
        6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47
      `,
    },
    {
      algorithm: "AES_192",
      source: "McGrew and Viega, The Galois/Counter Mode, test case 10",
      key: hex`feffe9928665731c6d6a8f9467308308feffe9928665731c`,
      iv: hex`cafebabefacedbaddecaf888`,
      aad: hex`feedfacedeadbeeffeedfacedeadbeefabaddad2`,
      plaintext: hex`
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf
        0e2449a6b525b16aedf5aa0de657ba637b39
      `,
      ciphertext: hex`
        3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac61
        9d18c84a3f4718e2448b2fe324d9ccda27102519498e80f1478f37ba55bd6d27618c
      `,
    },
    {
      algorithm: "AES_256",
      source: "McGrew and Viega, The Galois/Counter Mode, test case 16",
      key: hex`feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308`,
      iv: hex`cafebabefacedbaddecaf888`,
      aad: hex`feedfacedeadbeeffeedfacedeadbeefabaddad2`,
      plaintext: hex`
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf
        0e2449a6b525b16aedf5aa0de657ba637b39
      `,
      ciphertext: hex`
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b0
        8b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b
      `,
    },
  ],
  AES_CBC_PAD: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_cbc_pkcs5, test 21",
      key: hex`cbffc6c8c7f76f46349c32d666f4efb0`,
      iv: hex`088e01c2c65b26e7ad6af7b92ea09d73`,
      aad: none,
      plaintext: hex`6df067add738195fd55ac2e76b476971b9a0e6d8`,
      ciphertext: hex`e9199842355ea0c3dbf1b2a94fef1c802a95d024df9e407883cf5bf1f02c3cdc`,
    },
    {
      algorithm: "AES_192",
      source: "Wycheproof aes_cbc_pkcs5, test 93",
      key: hex`b7f165bced1613da5e747fdf9255832d30c07f2deeb5a326`,
      iv: hex`07ece5fe02266e073499fd4d66929034`,
      aad: none,
      plaintext: hex`289647ea8d0ff31375a82aa1c620903048bb1d0e`,
      ciphertext: hex`455d516e87851e6c894578a0f7126e0acbc7cfbb1d80296647ab89a79dfa6f71`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_cbc_pkcs5, test 165",
      key: hex`c2039f0d05951aa8d9fbdf68be58a37cf99bd1afcedda286a9db470c3729ca92`,
      iv: hex`9a1d8ccc24c5e4d3995480af236be103`,
      aad: none,
      plaintext: hex`ed5b5e28e9703bdf5c7b3b080f2690a605fcd0d9`,
      ciphertext: hex`3a79bb6084c7116b58afe52d7181a0aacee1caa11df959090e2e7b0073d74817`,
    },
  ],
  AES_CTR: [
    {
      algorithm: "AES_128",
      source: "SP 800-38A section F.5.1",
      key: hex`2b7e151628aed2a6abf7158809cf4f3c`,
      iv: hex`f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f
        09020db03eab1e031dda2fbe03d1792170a0f3009cee
      `,
    },
    {
      algorithm: "AES_192",
      source: "SP 800-38A section F.5.3",
      key: hex`8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b`,
      iv: hex`f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd
        1d665620abf74f78a7f6d29809585a97daec58c6b050
      `,
    },
    {
      algorithm: "AES_256",
      source: "SP 800-38A section F.5.5",
      key: hex`603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4`,
      iv: hex`f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff`,
      aad: none,
      plaintext: hex`
        6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fb
        c1191a0a52eff69f2445df4f9b17ad2b417be66c3710
      `,
      ciphertext: hex`
        601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce870
        17ba2d84988ddfc9c58db67aada613c2dd08457941a6
      `,
    },
  ],
  RSA_OAEP_SHA_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`6b6e6f776e20616e73776572`,
      ciphertext: hex`
        2583a9f5e3de931b8410f844351070c504f51b0c8e8884adb2ff2ce3d8428b99b510cde10a6a6f426041
        9027ba66847bd010db9f7dfe3d22a1d34072641d813c3b411a4b66478567a79e980d48a5b00557346634
        0aca39a38af7579fb03ee39cad1f482defb96d171a8b0c7ac132d163e6c3efaf2847317a5797730a3bb8
        854d3b39d59ad9bc836e0915e3da564f0be6e3ac4e082ad0bdbe46b3ddf56cdc2b00a59f3c6ce80a20d1
        97b6d9a7758e8fa38378c1a1c6fb0c229e2ff7cf507748084164614e245544242b677087e9c7877f1f1b
        1ea42d73cae910e765c019a7213cc7cfca3709fb82aef4705d01f642bb02afe62475d9edb4f5c3c27fc5
        84cc5ee6
      `,
    },
  ],
  RSA_OAEP_SHA_384: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`6b6e6f776e20616e73776572`,
      ciphertext: hex`
        11ed657aabbbcbe50b08a4a614ba9b6036a87ce3192531fc69fff20e03e58f55e88523a34669834c218b
        2c23729bd60260cf3d3f295ab651381dce67c6bf7a74a4bf5eaefbd34fe36304388f047bd95f5f0166b1
        0a3a50439c64d9cf8105b0f16cfc1fc0ffa29be685bbb041b3221c8ec79e39992af8d248541b78763e0c
        4e112823d5b992e736722fa7bca0993e1d5d6906a5e4140ddd1f464704234bd44e7f8658ebc724e37bd7
        4ddf2343c146c0ba207274d421ed661b9a492db950987dc70c065314fd091be2de918d96d276a6073afa
        055fd258c1f05e0663e3bf46b1ddbb60c666c6aea5d3f69229c151f9617d14c33990a62ff66a00534229
        6039afcd
      `,
    },
  ],
  RSA_OAEP_SHA_512: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`6b6e6f776e20616e73776572`,
      ciphertext: hex`
        9bbad1aeeeb45ec8177ef44655f09eaa845a0cd52c3fe605c384466f9c0696bc053f867c4db4f7311d55
        18731752af4ccf09b295e5ed25f377af1c0482183a8b78cd242d02fd465e62ab708ac16f203b0b70a1bc
        fae154c2d68dfd0c773f0b1082bc95485a37b09eeea1bd04caf9b836d14c8889cd499b966bc83c55e010
        877f1fc635bd109a094f68cc6bbf9e4399ae465e079ce9af6dfdde09f4a15509653460f53d43cd28726b
        0817b7965afee118f01a036e3d267f858e1aa8a78d001959d3dbd5808a2bacb5c16c9d5546c9defbb094
        42595634675fbdd28bff7b4e6cff00bc2725966fea7bd3722ef54180001268985e18f82f08311519f2d3
        d512ef20
      `,
    },
  ],
  RSA_OAEP_SHA_1: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`6b6e6f776e20616e73776572`,
      ciphertext: hex`
        41a51609c3e8c2917d39c4c7c967c72c750a2b2791bfca3555edb91ff4a647a4310eb00e78934fae79a6
        9a7c6fc294cddc46e1ad494ca578d1fd2e83b3c64031cbe04201f60fc7e9ad0418cd94ce6248ad9b7d03
        527e409c6ff91e67e2d9911797e31e8ae3adeded8349acba30c9b2cad85c71da9f15041873df5d1ba1f4
        aae467f2496efb48cc6a27f36eac469cb6dbb5bae73473fb5bd50fd72b58374bb5328765b966cbf7ac59
        951f0a8d1094e0bf2a538ca34e2c47c79028a9b7bb9703a3fb55f9b52d134e3e63efc72a097b3154567b
        1cdb18ac059b7f6f000058d30dc344a08cc53bb0ba81e66906607cf95b86c59742939c1bb085cef1d348
        23619f4f
      `,
    },
  ],
  RSA_PKCS1_ENCRYPTION: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`6b6e6f776e20616e73776572`,
      ciphertext: hex`
        97ab7ab3588c1bed49cebbc8726796359eee40c377a7d9cbd42a5d2d4b8feeddd88d9f24eb785cf3150d
        948c3d1add0d28946410d4f93dbd098d45487466744b9b562218f5e9f983e49c4865dd7481cf38593ca7
        83eafe216f8bd738ccdf3384df4974dd77c8d47b17e445e44ec251bc5f6dbf6859deb5abd58625afa984
        3a570c293e69a89b744794690fc0f61924596f39f57de177dadef099b4b2784264cfc7ecae1d54b86d07
        99e70efee291434024b64802710b7f0c536ed158b451296baeffba50ebc7cf681f7bfbf56afdfcd11aa6
        4eefc345d9f98b1011c3d483b0bfaf87e029ac62adc0802453de0095631ddf8538ea3719ec310d25b4b3
        6ef66c5f
      `,
    },
  ],
  RSA_RAW: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt, under rsa2048",
      key: rsa2048,
      iv: none,
      aad: none,
      plaintext: hex`
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        0000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627
        28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f5051
        52535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b
        7c7d7e7f
      `,
      ciphertext: hex`
        64b8eff7f93b7038814849ffa2a379b9686dca49ded9bc1b69a704e2661c5213f02f4381aeab0795bbad
        8d3dc4ee30e9991bf8c4390cac799148b467ac3f7c4c0ed66ba1df184973af8cc6946f27835fcbf1060e
        26d2ee81e3ba326956b9b05a8aa30c3fbdb653c1a20107277d0ebcf8bc933e1df8403cd9c6690dc4ea0e
        16973e18386614e0050db016abf519086fbc775b7d0b32c2f269e74ea8e6b2e7de62bc9a8cfd415472ac
        157c1c39dbc2b77a91f1cc8b6bbf5c367bef77f280175dc2c9c5b73fe1963978acf257719f2e313ddeab
        b9d70cdfc988830cccfe75c14aa4bd45c05c404a64a045f7dfc5cd8a6e4d852eff35f3f84988576b01f1
        241e2df7
      `,
    },
  ],
} as const satisfies Readonly<Record<EncryptionId, Answers<EncryptionAnswer>>>
