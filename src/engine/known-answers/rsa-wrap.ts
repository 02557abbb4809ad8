/** Known answers of wrapping under RSA, made with another implementation than the engine's. */

import { hex } from "./answer.ts"
import { rsa2048 } from "./rsa-key.ts"

const rising32 = hex`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`

export const rsaWrapAnswers = {
  RSA_AES_KWP_SHA_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha256, enc -id-aes256-wrap-pad",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        7f8d2750d55b84c5619fc0f0b42511eab4d4698a64d45c35368a78ac79419d456f2186830fc6aaec81c7
        394ab85cc8ce9a294f709505dac1d993ed6a6619babf8ba456f46adfed554722986e9c3516138228bb37
        4602f5bd6e9f741dc8c0b26725b9eaa622d1f9e02013b2288adf9d04dbe1da990af73342aa327772edaf
        b66a97e2ba6181e75becc88f97b1d065bf38d939c9740f0fb5eee0ec417f5860661494db1e40bf5e4f15
        d8b0775b62d02baba90abf6d42311bd47f7a06d67531c8267f395e9feca18a9c33d60c0331ccf53f28ce
        dad694ed3a98045f31a15f167c3c95d36a7c1992d97da460adc1d82c70f96709b25a9fdd8007e6fdfeab
        9e13532f3a5628a9e4eefb1a47e5fe0fbd63a51953d9ff11ed803602b884ea938b75a79a1913d62fc091
        3755
      `,
    },
  ],
  RSA_AES_KWP_SHA_384: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha384, enc -id-aes256-wrap-pad",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        39ee385691f179067cb2a80df7b1dee060e4a062c759cfe45acad6d5720fdb5a0192499a0fa5e9b96cbb
        e6ab3c1b3df6319f370b78cddb5e141780c1777c3200af97ab6a0c01debc33f72c8e857eef95465b8cbf
        fd4fe597f32bd138bbf5a084e78c326eb446e5b2b10934357a907a61d02d14a789467e1a49ebbc3d99f1
        248226af5cd12f9e5167ce5d55efe7756e9283b08269201eb16c9ba9795815e67b615d48b49ff29073aa
        e97584623489bd51b73dfba5a7cb0e643b905a1e8decd4cba7359fce37c58993c1f64024884d324a0032
        e526beb31cef8ef522fb6628086526400f806c940cd98054a406b3f84aeb9652bb99f788af92da4eb27a
        940ead863a5628a9e4eefb1a47e5fe0fbd63a51953d9ff11ed803602b884ea938b75a79a1913d62fc091
        3755
      `,
    },
  ],
  RSA_AES_KWP_SHA_512: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha512, enc -id-aes256-wrap-pad",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        73b1c5741d0df81a3bc3663cfc06738bf31c61f091808e641ed5a755c2d062b15c50e91cc1df89f16f44
        16b936cce65ef68233c15322cd4769b0ebb05abf773e62546e8a0b756f2eff1e3b5a7b1439aa306b5748
        8c65054f4c29f1946b07e7bbe16c0c1f9eea0c31bc94b51dc8d997b38d250ed1cfd0728f9548392345b7
        390ca4172922cb241c1b471406ecf55506488599c12d3a4c815bab1842bc24ba4a8038859ce4771da109
        67eb51a7e7207f73a982804cae6f5d7909d4c596883b55022b86547f3874e2e93dbfca27cdd5012bf2b8
        4297854464489815df79920c2ff05c988c3ea08433c6b216f1e2f9a0ff083e2dce8a568a78302ff9a2b5
        432de1a13a5628a9e4eefb1a47e5fe0fbd63a51953d9ff11ed803602b884ea938b75a79a1913d62fc091
        3755
      `,
    },
  ],
  RSA_AES_KWP_SHA_1: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha1, enc -id-aes256-wrap-pad",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        8751fc490b80897c54ef46fe6227892a7a0d52d5786918e031d49784030ad637a62edc71f51a1f18e3f7
        1650454b9665afdda33df41add735841838dd147a02e757c1859408c9b457634dd9ff9d8eaf3e85288d8
        925214ee26bf0288f288734e408aed49bacbdc49d2d74018fa444188e0f5064aa2726bc2f3ad23a1d323
        9af28599d8e1dc2ea236c0e8ee74e4b1dbce4b7bbf14eb71aa60244dada82fbf8dbb5021e50076fa0395
        d46123861826bff923bcdc67ed42b2e901265f9ba041df9d04f2dc395000b3058371551c634b6ee8fa00
        00ade58c150a79d71bded6f82bab940425dcb0d042ae80308ed679fa324b98bf1a1b1cb72c5af16b9b5a
        bea2b47f3a5628a9e4eefb1a47e5fe0fbd63a51953d9ff11ed803602b884ea938b75a79a1913d62fc091
        3755
      `,
    },
  ],
  RSA_OAEP_WRAP_SHA_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha256",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        51a23d9836d9974a220f1994eb2d304b7b79792556cb54fe048eeb9285b6edf70d5cc44b5f87120cd842
        17a7c9fa503329173f98a874e1dce3fb247f2f6ba076af723b60fb114c9ff2d723d4b7ab0407f1b7641f
        0dd908ca513dcf4bb329470b3fce4831e274ffc54271e1c910e12d12cd30dbd852974e46c2372af484c3
        aafc4a86c940736e7630335bc0b22960ea7c0a7d9b37838e88650daa995baacaeacac958a7c6e1c9d90d
        36c78297209adc2cf3329deca530882a894875d4d51c01eecf2eb16b7f595f44968ef5564777361722c5
        e5cc84aea9d66c40a0e4d6e6d6d7c67a983a642e6a25900362e929c8a310c871a9e297b241eafb164f23
        f9047753
      `,
    },
  ],
  RSA_OAEP_WRAP_SHA_384: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha384",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        63e1a35071fbacbdb69278debd30e26f84a9871d731d3b2464a509cf177d3104a723f223008c8a8af905
        d19638d704a742911a14d2b4fedb7aa6a076b65cd5376a5ac189df214faf58c43fdcea502633e1a48c6f
        5e5bfcd45ef85a1dffb4798fcf06a58835b1f74b290494ba4b0b0e7051b0608609b96316d61a1c2b0d77
        64cd5f74cb28881c13b81a359aca8eb018f42393306950bafd0c073322c55d5a2c9f074da28387ea4b04
        be653214a88198ac489e0f9a63f428e550c38ec0dea4d03b4a6728a095b5fc96b1cac00c97b5ce08d573
        6c5a16586949ff3ce359837b4709f34107c4b7ee11aadc1d1fd0d2b9ff2a969eae90e77bdff36da260e3
        ad3c298a
      `,
    },
  ],
  RSA_OAEP_WRAP_SHA_512: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha512",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        73745b2e0469b17480cc388aeef03feac365466880cc69a82d8d4c8addd11900b23986d8b181dddffd22
        6d95e7481cd2fd97f379ff79b7d3057e156a717e8bcf29aee92f96df1fd1409807f5acdb7683478ce19c
        5c6109475ab1df9a95308fa2605e3915d887d61d213c77de08ece65bdd32a7949553246d93adf79b252d
        eb84ee8d10386cd8b0ab962a3c1977706bb931ebcba48b229b61de661e945b19ca13ee294080bf050f18
        a9abebec672894d8d7b6fc323be34291376befc3f0317b152d7d3b6acc532af92d62728553fc9aacf8d0
        037faeca21563c210e02b350a460d6e616e42d99be8031f0bc13bce71da0465fe981c5179bce849e8746
        8533c099
      `,
    },
  ],
  RSA_OAEP_WRAP_SHA_1: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 pkeyutl -encrypt rsa_oaep_md:sha1",
      key: rsa2048,
      secret: rising32,
      wrapped: hex`
        0706ef6cbcd69f79f4e5d7cf7f7e1260a639aef43189be76d295f59fbf2d0c395bf2e0e59bf3105659ce
        14784d1c785c9b18b9dffcdfe9d07875e832b500c7db8c3897ad04383e23537b2d02c95c561601f2878b
        5f80f4429277e1e32d4c53657cd10c7fb3cd4841acea38af9333c6addcf6746f25f13aaee58e3ad47612
        ba60bd8e2e3142484410df844374e6f320ddaec8e82a9377825a0caf7c8c3995734c0c1e5b3571e9dd48
        703ec6b224872fc37b2acc23ab49c05f073c44449c7851c33219636d2f82720f31c5d5e5fd7b2ba3d72c
        cb3f9c69f6cd3924a1d712fdd1e68ffc57833a5d669df9ea93564a73460cbf1035faa3158d54f8ffb002
        d69bce65
      `,
    },
  ],
} as const
