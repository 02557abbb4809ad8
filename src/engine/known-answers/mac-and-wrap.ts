/** Known answers of MACs and of key wrap. */

import type { MacId, WrapId } from "../provider.ts"
import { agreedWrapAnswers } from "./agreed-wrap.ts"
import { hex, type Answers, type MacAnswer, type WrapAnswer } from "./answer.ts"
import { rsaWrapAnswers } from "./rsa-wrap.ts"

export const macAnswers = {
  HMAC_SHA_512_224: [
    {
      algorithm: "HMAC_SHA_512_224",
      source: "OpenSSL 3.0.19 mac -digest SHA512-224 HMAC",
      key: hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b`,
      message: hex`4869205468657265`,
      mac: hex`e8973969d880694425367d71d9817edf5d5d6e661558fe67a6bd7744`,
    },
  ],
  HMAC_SHA_512_256: [
    {
      algorithm: "HMAC_SHA_512_256",
      source: "OpenSSL 3.0.19 mac -digest SHA512-256 HMAC",
      key: hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`,
      message: hex`4869205468657265`,
      mac: hex`de7732eedcdbb0328f5d66aa946c1a01ebd6684b3e393f5f03aa8a011e2962eb`,
    },
  ],
  HMAC_SHA3_224: [
    {
      algorithm: "HMAC_SHA3_224",
      source: "OpenSSL 3.0.19 mac -digest SHA3-224 HMAC",
      key: hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b`,
      message: hex`4869205468657265`,
      mac: hex`297905fc9af0b110100feb68c24f77891db7041241d1c53f96f78248`,
    },
  ],
  POLY1305: [
    {
      algorithm: "POLY1305",
      source: "RFC 8439 section 2.5.2",
      key: hex`85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b`,
      message: hex`43727970746f6772617068696320466f72756d2052657365617263682047726f7570`,
      mac: hex`a8061dc1305136c6c22b8baf0c0127a9`,
    },
  ],
  HMAC_SHA_256: [
    {
      algorithm: "HMAC_SHA_256",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b`,
      message: hex`4869205468657265`,
      mac: hex`198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7`,
    },
  ],
  HMAC_SHA_384: [
    {
      algorithm: "HMAC_SHA_384",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
        0b0b0b0b0b0b
      `,
      message: hex`4869205468657265`,
      mac: hex`
        b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4fb68
        dab9f1b582c2
      `,
    },
  ],
  HMAC_SHA_512: [
    {
      algorithm: "HMAC_SHA_512",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
      `,
      message: hex`4869205468657265`,
      mac: hex`
        637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8ac2878ebd5803f6f0b61
        dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b
      `,
    },
  ],
  HMAC_SHA_1: [
    {
      algorithm: "HMAC_SHA_1",
      source: "RFC 2202 section 3, first vector",
      key: hex`0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b`,
      message: hex`4869205468657265`,
      mac: hex`b617318655057264e28bc0b6fb378c8ef146be00`,
    },
  ],
  HMAC_SHA_224: [
    {
      algorithm: "HMAC_SHA_224",
      source: "OpenSSL 3.0.19 dgst -sha224 -mac HMAC",
      key: hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b`,
      message: hex`4869205468657265`,
      mac: hex`43fc5c7cfa09279a1fc91c152f6a5dc45465afbf95cc2d4c0cb8b0e3`,
    },
  ],
  HMAC_SHA3_256: [
    {
      algorithm: "HMAC_SHA3_256",
      source: "Wycheproof hmac_sha3_256, test 5",
      key: hex`de8b5b5b2f09645be47ecb6407a4e1d9c6b33ae3c2d22517d3357da0357a3139`,
      message: hex`cc021d65`,
      mac: hex`8a5db60345aa7cc4afb39e645ede87b16e73d37df045623ec58e9e901f96e224`,
    },
  ],
  HMAC_SHA3_384: [
    {
      algorithm: "HMAC_SHA3_384",
      source: "OpenSSL 3.0.19 dgst -sha3-384 -mac HMAC",
      key: hex`
        000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829
        2a2b2c2d2e2f
      `,
      message: hex`4869205468657265`,
      mac: hex`
        150a978ba6de7dedf07843c77e7d387b8c750a240c10c566b6ef6bbcaec87572961be752921e908e00ad
        0e639660b2c5
      `,
    },
  ],
  HMAC_SHA3_512: [
    {
      algorithm: "HMAC_SHA3_512",
      source: "Wycheproof hmac_sha3_512, test 5",
      key: hex`
        4bc0d32e945cfdafd20d39be3820f9649727cbda5ab5859953a322cbde1ab7a514d7dcd14ba90905e709
        19bb86b85cfeaa375ee2ce2703711b938c8f4ab5f178
      `,
      message: hex`b2aa48b3`,
      mac: hex`
        6daf3dad42636bfd962246b0b314c939a4fd0a9ae46efec848a56bb6b85de6c47b60243644aa5e4658a4
        042f8577b388bdf544e120fb32b1af10f0f84b8ae4ca
      `,
    },
  ],
  KMAC_128: [
    {
      algorithm: "KMAC_128",
      source: "SP 800-185, KMAC sample 1",
      key: hex`404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f`,
      message: hex`00010203`,
      mac: hex`e5780b0d3ea6f7d3a429c5706aa43a00fadbd7d49628839e3187243f456ee14e`,
    },
  ],
  KMAC_256: [
    {
      algorithm: "KMAC_256",
      source: "SP 800-185, KMAC sample 5",
      key: hex`404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f`,
      message: hex`
        000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829
        2a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253
        5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d
        7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7
        a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7
      `,
      mac: hex`
        75358cf39e41494e949707927cee0af20a3ff553904c86b08f21cc414bcfd691589d27cf5e15369cbbff
        8b9a4c2eb17800855d0235ff635da82533ec6b759b69
      `,
    },
  ],
  AES_CMAC: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_cmac, test 5",
      key: hex`32b9c5c78c3a0689a86052420fa1e8fc`,
      message: hex`0b9262ec`,
      mac: hex`57e1506856c55dd32cd9ca821adb6c81`,
    },
    {
      algorithm: "AES_192",
      source: "Wycheproof aes_cmac, test 107",
      key: hex`1eb21a9e995a8e45c9e71ecbd6fe615b3e0318007c64b644`,
      message: hex`3aa73c48`,
      mac: hex`1e93fff846934a6eea0575eecb0f0e1f`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_cmac, test 209",
      key: hex`d5c81b399d4c0d1583a13da56de6d2dc45a66e7b47c24ab1192e246dc961dd77`,
      message: hex`2ae63cbf`,
      mac: hex`ba383a3a15c9df64bba50d611113a024`,
    },
  ],
  AES_GMAC: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_gmac, test 4",
      key: hex`53107d29dc584d32d3ef321a85eec257`,
      message: hex`039e0f5b`,
      mac: hex`dd91a33dce809e7bfe68d8438c99cbf28c43f90fc3609126bdf30f4b`,
    },
    {
      algorithm: "AES_192",
      source: "Wycheproof aes_gmac, test 142",
      key: hex`f79e590f07388124c800dd4adadac2546c626796c46c3d2d`,
      message: hex`ea09348f`,
      mac: hex`c23600658207bf2dc308087c5fa2252f2bbe3508c8a919c268b9514a`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_gmac, test 280",
      key: hex`a2912ffd04dd0c12f9b144319a465af572b4be8aa0916baaa6edb96205ee8bb1`,
      message: hex`ffc2fd8c`,
      mac: hex`ac26c6c01ec2df5907b71af22d8b373832d0293f1037409f6ad0c4f1`,
    },
  ],
  CAMELLIA_CMAC: [
    {
      algorithm: "CAMELLIA_128",
      source: "Wycheproof camellia_cmac, test 5",
      key: hex`32b9c5c78c3a0689a86052420fa1e8fc`,
      message: hex`0b9262ec`,
      mac: hex`84ed6048b214ac5aa4f654f3c6e857a7`,
    },
    {
      algorithm: "CAMELLIA_192",
      source: "Wycheproof camellia_cmac, test 107",
      key: hex`1eb21a9e995a8e45c9e71ecbd6fe615b3e0318007c64b644`,
      message: hex`3aa73c48`,
      mac: hex`b59bcbd7a0dfa8c69a5b9cd982c89bef`,
    },
    {
      algorithm: "CAMELLIA_256",
      source: "Wycheproof camellia_cmac, test 209",
      key: hex`d5c81b399d4c0d1583a13da56de6d2dc45a66e7b47c24ab1192e246dc961dd77`,
      message: hex`2ae63cbf`,
      mac: hex`ae42684cf745133f7264542cc1bccb76`,
    },
  ],
} as const satisfies Readonly<Record<MacId, Answers<MacAnswer>>>

export const wrapAnswers = {
  ...agreedWrapAnswers,
  ...rsaWrapAnswers,
  AES_KWP: [
    {
      algorithm: "AES_192",
      source: "RFC 5649 section 6, first vector",
      key: hex`5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8`,
      secret: hex`c37b7e6492584340bed12207808941155068f738`,
      wrapped: hex`138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a`,
    },
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_kwp, test 1",
      key: hex`6f67486d1e914419cb43c28509c7c1ea`,
      secret: hex`8dc0632d92ee0be4f740028410b08270`,
      wrapped: hex`8cd63fa6788aa5edfa753fc87d645a672b14107c3b4519e7`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_kwp, test 161",
      key: hex`fce0429c610658ef8e7cfb0154c51de2239a8a317f5af5b6714f985fb5c4d75c`,
      secret: hex`287326b5ed0078e7ca0164d748f667e7`,
      wrapped: hex`e3eab96d9a2fda12f9e252053aff15e753e5ea6f5172c92b`,
    },
  ],
  AES_KW: [
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_wrap, test 1",
      key: hex`6f67486d1e914419cb43c28509c7c1ea`,
      secret: hex`8dc0632d92ee0be4f740028410b08270`,
      wrapped: hex`9de453ced5d4ab46a5601708eeefefb5e593e6ae8e86b26b`,
    },
    {
      algorithm: "AES_192",
      source: "Wycheproof aes_wrap, test 43",
      key: hex`f75a2f49a630c7dc91626b00ce029f0bd2981d7c74a93ebe`,
      secret: hex`9adbc00c710b1101bdf6a4ed65b32d72`,
      wrapped: hex`00be1caddfd5ad7697877017795f9cee4bce5a61687a6126`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_wrap, test 98",
      key: hex`fce0429c610658ef8e7cfb0154c51de2239a8a317f5af5b6714f985fb5c4d75c`,
      secret: hex`287326b5ed0078e7ca0164d748f667e7`,
      wrapped: hex`940b1c580e0c7233a791b0f192438d2eace14214cee455b7`,
    },
  ],
} as const satisfies Readonly<Record<WrapId, Answers<WrapAnswer>>>
