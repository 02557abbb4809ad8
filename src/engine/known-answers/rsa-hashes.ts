/** Known answers of RSA signatures with the rarer hashes. */

import type { SignatureId } from "../provider.ts"
import { hex, type Answers, type SignatureAnswer } from "./answer.ts"
import { rsa2048 } from "./rsa-key.ts"

/** By mechanism. */
export const rsaHashAnswers = {
  RSA_PSS_SHA_1: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha1 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        38c8caadc70974ad2208f07f9f6a7dd84f481723497cc209481b7063e54769937536b0e525b237063b14
        d9b51875db8686bf8070ce084d10885065551f05fcdccd62b09d10432ba73f865edc89c612eaa815098c
        ff90fe1d2b4e9ee194e802f395505d5a65322cd6a975cb641478d804830ab436eb782940fcf661a4a9f7
        ab4aec5c5158003bd5230794abfeb4fef7636fd46296591f449151b1a1bbc6e0642e30f49e28261fbd7d
        6acce8aec683df47a6af260afb2a7f01c8d0fd02afe3f53b41f1a0c9ca2d82ab51ac9777fe6fd289bb91
        a2025f59026d2c5639adb8d3a1060a87c93b7a650de999b6709c568b02c59b41dba5d4f9030f16ac6821
        50fb0440
      `,
    },
  ],
  RSA_PSS_SHA_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        17dd88259ea04a30b1ab666a52bbc9f8807517814a6a4b4bfc9d61528aa8310e8e67ae04797ffbc0a4dd
        5aa9f898c6d68750da9386a7fe7f5ee517114dc39b7a580f57ec497467789f66971e4d6a67e9cc9647b5
        01aebf21500031567a2fb4691f537377b0ba49b1ae775da237e8f483bf3b2d74dac86c047cd75e82d811
        5f88d34155dc580a709227155550e583b2bb18b4b5a089d1a14f34db5a8d9e2e1ef9ca0a748b63ba327e
        06811f13dac9b922a94b48aced3b2eefc191d9f81ffdf4ff64d87d08adc488136103fbd70a2beb6ace14
        fb37cf6b1b42ffbaa366feff63ba492081baaccae27f0015c30796e17d3a13f72fc25a36959b7f621e94
        9d39c025
      `,
    },
  ],
  RSA_PSS_SHA3_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-256 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        47afe701e98e52ff6f8731d49e2fb5b1e07cba49e51d97ce69ddd14176e7dcba2c4084f002aaa56e7286
        95cdc3f4e0042c7f95da5c7e9633740304f14e6b52026aaffb6b442fdadf23f1dba3204ea5717e397680
        073b93bd4eb2d891535fec7ad6eef24330987a5e1c044dbf59b65f1858fd00789e0e51137514957ca113
        fbce9b0e51eba87254c48ab5abb5175b299a70fbcdec398e1309fe705a157691cf33ba96932950156c76
        f7d891431eb6b73196a7c72a207ab293ed5c83bf923d6a689078748b3eb89afafdbb08080ada28ea918a
        eaaa8822a5a4628aeb36593768ba537dac7c847838e038367d980f025bac87189b4ba6722385daf5cea1
        11a68be2
      `,
    },
  ],
  RSA_PSS_SHA3_384: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-384 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        03e2553c784b303f19c8da1f26de70a720c0fb0dc76bcb34dc3e7418abdcbfdbce7b1e34f5ccb05dd428
        7d09396e6b26554c2d49fc59021fe05ef319e9a85c946a39118925cfc2128387c6788eca02ce10854847
        8f8b5c552eaf331b63ec566193a71944945ebf0b6fa12c96251705f62ba97b152d29c51b21256cdbdaab
        6d77e1d4f917fbb0eb8431da2e41c3c2a2d00f615a0d8465bb5f23783a8becd4a6d04612ef46a22f5007
        d8782ed528518e7d458be74707a3ae5fb4c34d934f668cac737d66e6f52aa8b58c58f6c34adf72f6a71f
        1c45c81fda28d5c2ea3ea2a09a16752ca8f5cd4504bf247c7b3778a323381709ee6789820677db3a7af9
        30518218
      `,
    },
  ],
  RSA_PSS_SHA3_512: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-512 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        9991e7785ad0dfca4316435464e0ce60a7cef4e001ae48aeaf810d44e131fa8450de810aa108735ffc51
        db7e67de7729e08bee9683b08682a64f587d2b7479f1ed2e3ce7ca9df0eb1a57ca9a255f55da12d9467a
        1d5c8c5710d8a0fe1ba9dfae1bbe887b8ba75bd016bdfe901bfaa4a93c647e6e6a37e725b11fd1945f29
        f37daa6cadec29c01d4e0ea3f7ea3ea93f86170a6cc7501cde42ce07051248c84952965e71309ec0848d
        fd46539d15d395ecdad753a314bc14b5114219a213340c30ed4311b409548847014659b79ff03af40776
        632762e0035476a751ff764161f59d18ebe020e2c5b6304e7411b220bcb3153489a99482fa0ce4cfc259
        53e0f852
      `,
    },
  ],
  RSA_PKCS1_SHA_1: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha1 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        58e4ce7ce528760fdfdef7b260ee30c92b9a35e8cf1451be336406d32423feda62a4e7d929baa8a5bbf5
        9c9eaf89e044a975b7d3812dcab9095cc36bcca42157fd4293e90ca31303c6f0772cbc7b947bd1aa0482
        a9723a64d7c58df01b9dbc39e60e77496bd66eae0a6b4dd426a5f86c0119da56eee7123751cb46a37f23
        4a42fe1c34536bfdd19a678ddeec333c181e0570a56170a8111eb8ddc70676e2f179c42c8bf732628fe1
        55cd2efdbdf4c359de588dab31fb860578381a6feb53eac1d897003a88abd3712e4a05aeabe80cf2f8ec
        216466982113fc9caa21c1541e1be20de30daf335497dfd6144bc2c08ead2fa033f93555ffe868d80e70
        298ee46f
      `,
    },
  ],
  RSA_PKCS1_SHA_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        4241ebde4d564284768b90d4449d9ea257fbcd1d74b7d052b010827f64840af040aabdc2a0e133d4751b
        0caef7a58fb5dd31f443de92d01154ef808fc802e861fbd34315f2c5ec34ae4afb9c41932c6ac66dd973
        15a987418ac606b3489020abb47d14f8d5629e51ab168362d953535eab64a235654b4505f5f9fa08bfc0
        8e3fc563fc6c4641646bdea4d4fd423f02285a11d4f2239fee536ef6f1e4d869183cc5178084acab614d
        92f9715a5b255351b2c51fa578c1ad5b952cc57e200c2e6608cb5bdc6f35aee6b08f69e2282a9633a475
        6642d16428faae3e75a4923857623c4fd18833623b1592318100e4904b1d19f95b84424d1ee7aacf5532
        25185a7e
      `,
    },
  ],
  RSA_PKCS1_SHA3_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-256 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        2585ea947ffcdbe9b70e44f4a39aa44fb81aa1513abeb5d1fb6581f2e254d6e6abe6b2516899092fa02d
        f33d11a19d96f6e07cc20b77e995e5e51ee7ee7e427a48b54fd94bb5afdf2a050c136261362e3cda4199
        8b04a16949eed49c9ceabe97a6d2e53689936b3be7e3168adbaf048407c4d292cd037e4c60cf8cf8d845
        8399ec4b37173c4279587524ab8be8d89ac1f69ea883a431868608706d41b36cf2661c36f6a4fbf46561
        37f7da5a68731d5053ff5d64e907365d672244087fa7996faba80614aca88c6d80950497396178d0c1f8
        0d238c54812dbf3a603c15e191d6ab45f128144d440e707ad56c661ffec61c25e6d7211d4cc63f7e981c
        351686ef
      `,
    },
  ],
  RSA_PKCS1_SHA3_384: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-384 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        47220698d958a592863eaf8db6951a98e7dcdb3234887040cf63a45d5c76beddc1fc2bd27e9cdf9b5c1a
        e23d93d3052b42e9d591443f2e078a0091dcc58e97972434281d6fcec7c6a1d5fa31c10d6ca58ecf87f0
        1804eb13955984c49d3929c8ced336e78726ae2a83f076ace4cd513b75437b47f4780a490a730bcfb641
        faaf04448d2a0f3c3fbad33bdf3548762f4487c82acbfebe1025e9da4a23916541a054612c78fdcd6300
        3fc6fffbbd69f0e08fd6a790dec7eaec1d7cebee196a7b0eda323fb1073868882e1994d133d59e6ce417
        258d527bdec33ac2e8d22e8a184327d4d9e6bad4dc5aaee5cd6d55a2ccf2c39355219a024de8fec67baa
        8ad38305
      `,
    },
  ],
  RSA_PKCS1_SHA3_512: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-512 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        7c25c4c6e5c0c5f2922c745d9c6d72ff419cff4d0a5a19afc7f0ae23c080ead9a53eca626441b2796ae6
        c6d01868a79706b874ceab8a22c75da85f9a1144285d7c92259675c57d157ae8f1fb06a6f46ea9d639dc
        1ba66b19637050f70c461c42848b84b213916a2861744c086aad6eab2b43ffa8256e2fe62a16b26e72c6
        c33a13f6ca86225990cedabc59e0d3d4ddd22a5f783f9fd4cb140936e0fc89af29993e5321e1be22a351
        d5879c1a2eabcff2ca115c06421c959bb296d15aae0bc73320dd5919beaf16926abeffe63d327b9afa3f
        32ea8b986297428dbf9cd8b56d87bc1a6aabcba08aeb6dd09820634701e71c40fe9ba692ef850877e4b7
        2bbf91e5
      `,
    },
  ],
  RSA_PSS_SHA_512_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha512-256 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        410a143f120fe88a51a320b96a041746ea0e780a0aea4c60f986d40e6c6da844a76a713066fb12b59caa
        8fca6bc186ed14d3b7db35d3e2f3b4bb146259361c3428c46c083dd4cf24b5b366f817a13698779ed5be
        6cfc48201b80be26200bc81e970e7c7548f2863bee7514e5a32385775d87e26fa7fececbb2d79a3d3a01
        453e825a2ce5a1928b7686bd7952e24e43c6839e38528a372f36d360d32d3ab261210803992666b6fd64
        1b06d1d7919bef70159bddb04bc2513f6b4af4f5ace79d5837645ac83b5ffc811e64ec939c04901efb30
        9086b24ccde8326f81e85c192e1f1abd8471c86f674d3bd372871b154b3713ab7d115087a29fbe35f4be
        7fbfa945
      `,
    },
  ],
  RSA_PKCS1_SHA_512_256: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha512-256 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        0d2fab9e836c648c001a25655a1266d17d9cf9cdd25de9816dd666d3f10bc23153563aed0dd518d5597d
        4eefe4b6ed5e2312eae994436dd9c75ce469931bd341e43d14aa71ddf7e3245e059e76e5cfd4f4fe5e86
        37f6b0d2a78ce9aee50ab87147dbff345acd3fd2d1740c982b471527a7b5291363a10787f7b9104bae66
        5b084a819d8f7880f3e932e0c85182b47cccd61819c7a4691100039147ff814bdc428f3db2ca5964350f
        c90a0713b02cc4683d3f1fff5c66df10b832dadcf597a348c8825002aa646032b62cf8bc841885a090cc
        b9c03b8d65428b1ba636609e7f5e0f3e581df34e8b40e8b71de3b82a8db13b0f856b3e46face8c050d5c
        c785c9f4
      `,
    },
  ],
  RSA_PSS_SHA_512_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha512-224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        9549b0408cce5ed9cbdcf308abca42bd102caa08598a060489917c902c367443b9d3eb9b949930809e62
        e5cb13f54d0ca66e4dd22db3ed0a907344a591d2dff1d6ba8b8dc78ca354006ed537e9ad6353026d32b8
        0df5292ab501bb7f702419e12dac613e48ce0b90234239e5aee72d060f15299b48d701a768db7f09c392
        b38002fa74a577a093cfc34b940e8a54e044c656dd0f581bf5afb1fcd8131d06c21e77801911036516ae
        aeaec511a2e7ad9342e4de85a9c382c99e2585f4872501a6d2c929fde7790468af4fb598560bfd04f681
        f8cd339e8017c68210dcbfa397f26b473825c2269fbab72cc09e285a23c804455a17d54053b0862ec26a
        9389b2f0
      `,
    },
  ],
  RSA_PKCS1_SHA_512_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha512-224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        6d4ad2f997b9f1c3775e9c78b87c7ab7f3747889cbddfea49fba389213fb2fcb2da35abf4bd590bccd35
        f8f5f40198e59ebe2784c72aafe32f7a5a8a7f6d9723bce23f79505950041d1f40f5dc6f5347d49a0795
        98323f2fc5623c00c25bc956ab565858b04625df63949b1a94fb8a0a1a295394af5b6f2ad86ff089dafd
        892ed1fedb2ac4baa3cb56a394a69395f674c1e8c74d2a410c370c851029373b2a13a0e3e54c8e82aff8
        6e762ab5b0e1994c7b10f955b1f5fd93e86b1a9f0cf70c8fa649da725d2d282ef7f3a0db927ef8da2893
        784ba0da7c3ae58d1895bdb86672418df9686f5839dece11987827b24981105749ef33b6e17644571442
        0261aa16
      `,
    },
  ],
  RSA_PSS_SHA3_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        34d13c32465eead5e6416dc59947f43fd1f99f6237ca640b768b781b604213b2523bdb5f97df3545b4fa
        85c52ce3ced17f457b3f9bbafc198d0ca72b4f288a9c4d4a239b2d9cfa8257fa60d5628755339e937c57
        cdabea4f6b41e2e0fbc4981949411fee162258f09033373ea0a3311f9b26af40c1db980707dcda09d451
        77eb29e299f4608df2c10364031397df50eacc90273b3a88e30615495b275500e8ff53387f07c7c4ed88
        d4ded112527b0d9db8fe76056f2627b7113c08a6fdf39cc9e90349a1cde416aab888cb60c72cf1baaac6
        3eb64ed9162982b61b24a6ac7ab6b5cede87ce4db18837f554d288735e2f8aa673f0d1849c9b22fb0802
        c0ce1b4f
      `,
    },
  ],
  RSA_PKCS1_SHA3_224: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -sha3-224 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        616910ba472eda5dae4ad6e1aac887ff5bf441c96f5ccaee987e2450f532ce9964d761df83402006cbb7
        35c195d934fc0a0e36c910875aa470117cf1c58b4b85c9edc42ea8a827a789182a1133453a303e3467b5
        961680ceb7444f7b6a7701c61476315858af73d7c2febe8dd296a0f4540472fa0fef1980c24d12a01cd1
        24bd405fa8b78c79d709e26595747f788909d41053f525440bd857150438af52de887c031bf0279b1522
        1c7af88b32f3f97f33dcd564f1f8aa4eba9cb84f77e31b5608c24a6c259529fda278accb8bc17a9a339a
        d4a9b1ea217b0e3bb219aa11cef04613791b05a32f028bcb968f78c2a8a247ab0f69ae0924511a7e2be8
        edc966b6
      `,
    },
  ],
  RSA_PSS_RIPEMD_160: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -ripemd160 -sign, under rsa2048",
      key: rsa2048,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        03daabacd87030393237342ceac234af25f888e38d4a02107a82ad3771fc59556c3648335ab0bfba6ec6
        7e9cb05acc4c81fc8e88949df52770c0ad2efcb599511ca8f69aa6d3ef60f9779a88a2648797e39e2998
        92b6005e86e65786ee894b9e2dfd03dd711e50d986cc558860c5deafe1cabc2cd265c6ae889655fc6b57
        40bb4974ebed9bd85572f6b7732fc0b0afb7eda1f41824d6a7f1df0d996f4e5ef69b72d0857df5e26137
        1fc7755e512dc476cec36aa624cd3bbf1c014df3e83126e0634d6b770bccb05297bde191c0a35ab9f456
        bb58739c76d5f8b04c1e388f37bcb704e480f2b3a8a62cdc41d89883f8a519afc701988c98971bd45ba9
        c6d14427
      `,
    },
  ],
  RSA_PKCS1_RIPEMD_160: [
    {
      algorithm: "RSA_2048",
      source: "OpenSSL 3.0.19 dgst -ripemd160 -sign, under rsa2048",
      key: rsa2048,
      repeatable: true,
      message: hex`54657374`,
      signature: hex`
        594be13943740962347cf8cb6a7754fde84b575198d4e995cd62a3eeab8fc13bf9dc48a960fb49ca18ad
        07baddbee3b534a5aa3bfe3c2dc9cf37f093f2f531cea508ac03bd3b578cc31627cd5dfa3ab40d535f9a
        f700453b985a8052f2801bd9a985bafecf80b095304d4399b7972b8ae61c52f8224e870759f989e2dca9
        cc1152ffd6e340a63ee86dd60e811740297a481c75eefe946362bea1eba26c4efea3ff89a04be70ce40f
        2f05e71683343b5885b38fde36cb2e974c3a032f11b41eda63eac0e917e0173e729e75a9cdef1e6e8091
        e95c8f5ca3e6c5b5e0e130403ac5dab9a3865e6834f80bed01e83889919a65564bdcc52c11deb477246f
        f1f22e2c
      `,
    },
  ],
} as const satisfies Partial<Readonly<Record<SignatureId, Answers<SignatureAnswer>>>>
