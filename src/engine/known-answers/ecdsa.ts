/** Known answers of ECDSA. */

import type { SignatureId } from "../provider.ts"
import { seedAnswers } from "./seeds.ts"
import { hex, type Answers, type SignatureAnswer } from "./answer.ts"

/** By mechanism; every curve has one. */
export const ecdsaAnswers = {
  ECDSA_SHA_1: [
    {
      algorithm: "EC_P256",
      source: "OpenSSL 3.0.19 dgst -sha1 -sign",
      publicKey: hex`
        3059301306072a8648ce3d020106082a8648ce3d030107034200044ea97a5f88ebe0db2ccd4816f6eba3
        1fa0eb17521941586e0821e691e65a4444d8864985a69b71b9668907a491ad147d6537910d4f2bde2593
        c98a269d4bf9a4
      `,
      message: hex`54657374`,
      signature: hex`
        30460221009e9f7a2ad9416bfc9dbdc4e7409b9d36c1c5fddd8d9143585fa60c258bcd16a1022100be7e
        762d3c55020ed070826d0694fccdf445eff33cc9e8d4ff34d6b5fcca4454
      `,
    },
  ],
  ECDSA_SHA_224: [
    {
      algorithm: "EC_P224",
      source: "RFC 6979 section A.2.4, sample",
      key: hex`
        3078020100301006072a8648ce3d020106052b810400210461305f020101041cf220266e1105bfe3083e
        03ec7a3a654651f45e37167e88600bf257c1a13c033a000400cf08da5ad719e42707fa431292dea11244
        d64fc51610d94b130d6ceeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a
      `,
      repeatable: false,
      message: hex`73616d706c65`,
      signature: hex`
        303d021c1cdfe6662dde1e4a1ec4cdedf6a1f5a2fb7fbd9145c12113e6abfd3e021d00a6694fd7718a21
        053f225d3f46197ca699d45006c06f871808f43ebc
      `,
    },
    {
      algorithm: "EC_BRAINPOOL_P224",
      source: "OpenSSL 3.0.19 dgst -sha224 -sign",
      publicKey: hex`
        3052301406072a8648ce3d020106092b2403030208010105033a0004d2970103432f6384ad2d1dd1e2e9
        13023d357ce6ddb8672d41ae80c01908c807bb104ccc508e5c0663af189a9eab39027c27ce06225e3771
      `,
      message: hex`54657374`,
      signature: hex`
        303c021c25ec654ce6ebce63e17492ad8fca6fd07ce3aebe0e79d8ba6c61a068021c04d3927a066ede12
        f4f6b00907430e237f67f102ded083c7a63b552d
      `,
    },
  ],
  ECDSA_SHA_256: [
    {
      algorithm: "EC_P256",
      source: "RFC 6979 section A.2.5, sample",
      key: hex`
        308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba
        75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961
        eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c
        2d7e9f5177a3c294d4462299
      `,
      repeatable: false,
      message: hex`73616d706c65`,
      signature: hex`
        3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb
        1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8
      `,
    },
    {
      algorithm: "EC_SECP256K1",
      source: "Wycheproof ecdsa_secp256k1_sha256, test 2",
      publicKey: hex`
        3056301006072a8648ce3d020106052b8104000a03420004782c8ed17e3b2a783b5464f33b09652a71c6
        78e05ec51e84e2bcfc663a3de963af9acb4280b8c7f7c42f4ef9aba6245ec1ec1712fd38a0fa96418d8c
        d6aa6152
      `,
      message: hex`4d7367`,
      signature: hex`
        30450220109cd8ae0374358984a8249c0a843628f2835ffad1df1a9a69aa2fe72355545c022100ac6f00
        daf53bd8b1e34da329359b6e08019c5b037fed79ee383ae39f85a159c6
      `,
    },
    {
      algorithm: "EC_BRAINPOOL_P256",
      source: "Wycheproof ecdsa_brainpoolP256r1_sha256, test 2",
      publicKey: hex`
        305a301406072a8648ce3d020106092b2403030208010107034200042676bd1e3fd83f3328d1af941442
        c036760f09587729419053083eb61d1ed22c2cf769688a5ffd67da1899d243e66bcabe21f9e78335263b
        f5308b8e41a71b39
      `,
      message: hex`4d7367`,
      signature: hex`
        304502200ff9279a0775740b7db8bec07f9a0401b7903886cb198c1b18c46de0673b31c30221008b3c86
        86bd1a1508b5b785e762fece8c6cf19b6156983e5c36b2bbe724d6c23e
      `,
    },
    seedAnswers.BIP32_SECP256K1,
    seedAnswers.SLIP10_P256,
  ],
  ECDSA_SHA_384: [
    {
      algorithm: "EC_P384",
      source: "RFC 6979 section A.2.6, sample",
      key: hex`
        3081b6020100301006072a8648ce3d020106052b8104002204819e30819b02010104306b9d3dad2e1b8c
        1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5a1
        6403620004ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea90
        55866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9d
        b1288b231c3ae0d4fe7344fd2533264720
      `,
      repeatable: false,
      message: hex`73616d706c65`,
      signature: hex`
        306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e
        44acf96e36dd1e80fabe4602310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351
        d0a3a94fa329c145786e679e7b82c71a38628ac8
      `,
    },
    {
      algorithm: "EC_BRAINPOOL_P384",
      source: "Wycheproof ecdsa_brainpoolP384r1_sha384, test 2",
      publicKey: hex`
        307a301406072a8648ce3d020106092b240303020801010b036200046c9aaba343cb2faf098319cc4d15
        ea218786f55c8cf0a8b668091170a6422f6c2498945a8164a4b6f27cdd11e800da501be961b37b098046
        10ce0df40dd8236c75a12d0c8014b163464a4aeba7cb18d20d3222083ec4a941852f24aa3d5d84e3
      `,
      message: hex`4d7367`,
      signature: hex`
        3064023001057e36ad00f79e7c1cfcf4dea301e4e2350644d5eff4d4c7f23cdd2f4f236093ff27e33eb4
        4fd804b2f0daf5c327a402302a9b2b910dd23b994cac12f322828461094c8790481b392569c6674ac2ec
        a74dd74957d94456548546b65bd50558f4a6
      `,
    },
    {
      algorithm: "EC_BRAINPOOL_P320",
      source: "OpenSSL 3.0.19 dgst -sha384 -sign",
      publicKey: hex`
        306a301406072a8648ce3d020106092b240303020801010903520004361a774c5afb43d70080a000f490
        3259c6bca99629752a1a8877b72a6c44328401e4c7aaf91bc0c23a6d63c8acf4ffa53af314803d3efe6a
        8638b505504c99863293f621b2715a39ff5f1a4769961c77
      `,
      message: hex`54657374`,
      signature: hex`
        3056022900bb1d18895ecc0c596f4f23430eadd37716f6cc060682646320d86ce3fd88d316c30a806807
        084ea202290091ebff2d8fde918e57f63130adf0f88283c1f4544fcaadb21b5355291f0839545674f4d8
        13bce4db
      `,
    },
  ],
  ECDSA_SHA_512: [
    {
      algorithm: "EC_P521",
      source: "RFC 6979 section A.2.7, sample",
      key: hex`
        3081ee020100301006072a8648ce3d020106052b810400230481d63081d3020101044200fad06daa62ba
        3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc14
        66f6d8fbec67db89ec0c08b0e996b83538a18189038186000401894550d0785932e00eaa23b694f213f8
        c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac
        474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db
        25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5
      `,
      repeatable: false,
      message: hex`73616d706c65`,
      signature: hex`
        308187024200c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee
        9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa0241617cce7cf5064806c467f6
        78d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1
        dccc43997f1ee0e44da4a67a
      `,
    },
    {
      algorithm: "EC_BRAINPOOL_P512",
      source: "Wycheproof ecdsa_brainpoolP512r1_sha512, test 2",
      publicKey: hex`
        30819b301406072a8648ce3d020106092b240303020801010d03818200041ec7fe2275860c3bc0e4e6e4
        59af7e16985d37adba7351ac357a7c397e07522ea41bcca8e89777fe05b8f0d9dc8c614004fcaf30a970
        01a5011a159f46fcd5443cbc1ddfc7ac89a1a2f8eef77bf9bba8ade73da2100cb6a371546b495fb5ea88
        5eb631645e79591db659c49266d263d5cbd3403081cb407536efe9a5bec69955
      `,
      message: hex`4d7367`,
      signature: hex`
        3081840240225dc2310177ce6267efde9937eff898fb0bad12b0dbeb4fa9c6be6e20f88563e6d2991d47
        a648b0ba5a7039842dbf883bbd735df793cce0d136023fbfc9be95024000d59783d8bd050cf728b3506c
        16ee4a78ac26c12fd33dadb6ee8146372e4fb2a880ef77eb20ac90f3a4275c1718a033a7c0b2df538eb3
        5827330154191153cb
      `,
    },
  ],
  ECDSA_SHA3_256: [
    {
      algorithm: "EC_P256",
      source: "Wycheproof ecdsa_secp256r1_sha3_256, test 2",
      publicKey: hex`
        3059301306072a8648ce3d020106082a8648ce3d0301070342000404aaec73635726f213fb8a9e64da3b
        8632e41495a944d0045b522eba7240fad587d9315798aaa3a5ba01775787ced05eaaf7b4e09fc81d6d1a
        a546e8365d525d
      `,
      message: hex`4d7367`,
      signature: hex`
        3044022010228beaf773caeff22a94602e9eff1923dcc51b277f64b482ea63218c350b0d02202104c834
        3f8970a28c9eb221a63c857ef385e758eaccc5f7d2ae975553a1534b
      `,
    },
  ],
  ECDSA_SHA3_384: [
    {
      algorithm: "EC_P384",
      source: "OpenSSL 3.0.19 dgst -sha3-384 -sign",
      publicKey: hex`
        3076301006072a8648ce3d020106052b81040022036200049dbb803d4fd976d62178a8adce01f5f73550
        68b49d4b11647ce2c276355a3e69e3baddc1806f46b6641c50e9e387409c6b2069e6b615a3bf741dcddf
        6a9f8fffea6147eea9010b2fac932ae88120c1f5aaee55add15e303305ca2e9a10720cad
      `,
      message: hex`54657374`,
      signature: hex`
        3065023100d9b447ff61f5e42e43d4d327c406843653859d03682272080878943f22c9cf89ec26ebe933
        9178b6792fc1baebe0540a02306183c9f504ce31679f076635c4137f6139acf2e6b7fe2d9b811ddc7bac
        314f03dbee94e5162af8ec427c7e84439a730c
      `,
    },
  ],
  ECDSA_SHA3_512: [
    {
      algorithm: "EC_P521",
      source: "OpenSSL 3.0.19 dgst -sha3-512 -sign",
      publicKey: hex`
        30819b301006072a8648ce3d020106052b81040023038186000401a798dc2b39b7cac79469801d3c6cf3
        f445a9470340a8ae150aec3667af985d83e758f408279c8a588b351870a477476dae00f05c1f3ca401d6
        b1805256b0299a640024284a47438ceb3a613c1a661f1479f47f0647b4a4f6b3b2dd3594b303128131f9
        0fc39b5e5d1842fbbdf8f3fabc4a446921b32c989b76e556adc29fccc556936a
      `,
      message: hex`54657374`,
      signature: hex`
        308188024201c192f1374819e2455fa5f646e1e8030f0e89bcc3e46d67d375adcbb97e1328c8f25770ad
        42d42ed93133960f61eff65e124cc8905256caa3dbd422cb874717f9e8024201344ebf4525924f5888b6
        48735536792490e225337be929675a4ca93228ff05d607e07a1fa35e8e4ee251dca9bfb6145ec6ffe519
        6c425c34f746f4d43c48fc5421
      `,
    },
  ],
  ECDSA_KECCAK_256: [
    {
      algorithm: "EC_SECP256K1",
      source: "@noble/curves 2.4.0 over keccak_256",
      key: hex`
        308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420010203040506070809
        0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20a1440342000484bf7562262bbd6940085748f3
        be6afa52ae317155181ece31b66351ccffa4b08cc43d63b2859d469fee15f31c9edb5324266e6fd0407e
        87382d60fc4511acd8
      `,
      repeatable: false,
      message: hex`54657374`,
      signature: hex`
        3045022100b1decf0f0da485fbdf170fa27f99b38c229154a20240df794a56c8a5b6a0f46602206048a3
        d6e2bb83ecf63f1f502636c072e3e165a558672eba55316d4f506d6659
      `,
    },
  ],
} as const satisfies Partial<Readonly<Record<SignatureId, Answers<SignatureAnswer>>>>
