/** Known answers of ECDSA with the rarer hashes, with none, and of Schnorr's signatures. */

import type { SignatureId } from "../provider.ts"
import { hex, type Answers, type SignatureAnswer } from "./answer.ts"

/** The key of RFC 6979 section A.2.5. */
const rfc6979P256 = {
  algorithm: "EC_P256",
  key: hex`
    308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba
    75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961
    eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c
    2d7e9f5177a3c294d4462299
  `,
  repeatable: true,
  parameters: { deterministic: true },
  message: hex`54657374`,
} as const

/** By mechanism. */
export const ecdsaHashAnswers = {
  ECDSA_SHA_512_256: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        30450221008f6e866d0335674c3860f3dc4496550c0e922b39f16bdffffc52e6df6818ed9202201e7133
        af551719b153a4d915ac53f55359c6a847f80284206ede6eb57212dda4
      `,
    },
  ],
  ECDSA_SHA_512_224: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        304402204a648e0971e57710471a4f359fe6c9329d84cfe97262023fda014f14415b475e02203f1ca197
        e074fb9a18f66e87f0a357ee9ce561ea716114d1fcb2fc6d09479bc3
      `,
    },
  ],
  ECDSA_SHA3_224: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        3046022100925cd26068c9f56f4ac62b12d061cda80965f5726a239525b1777b37cf04cd88022100ae6f
        4899c4b89cd30d1951ccefe7c1ba289cca0480c6158a806ebd1c7c98c7d9
      `,
    },
  ],
  ECDSA_KECCAK_224: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        3046022100ff8dada0bbd2369b1fdb29a1f801de7055f1e077760f3280546255308296e855022100e0fe
        a4fbce7a5a4ba218bc37db08ff135b3fa85c6d8b97875140fc20eb42a3dc
      `,
    },
  ],
  ECDSA_KECCAK_384: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        304502200b615e6739c1a6ec5ae5ef88e3b1a10013919c3ec4c996c4c4c29f7c897aae21022100985416
        415ed47abe6d970927eecacc914221ae61198273a1b738089eed15c20e
      `,
    },
  ],
  ECDSA_KECCAK_512: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        3045022005ff8767806751a0d9620383fde4ab7258437b2cd27c0fa79f59e30253dc93d0022100c7fce7
        2fdc9a86231fdd102f4487ceee8ead902b18fe04505b0544d02479a44f
      `,
    },
  ],
  ECDSA_BLAKE2B_512: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        3045022100cd40f1c9fc372d0d17a8d857be6974cdf23e00a0a98878e5078699b33c0a7c0d02201c0baf
        098229f3f1a45e3ae32456f92faf686115331a95e4959ae1ce4a60135b
      `,
    },
  ],
  ECDSA_BLAKE2S_256: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        304402204a352c0acdd9df1f7ef35fdb02fd52dcd2a0a45ff0e7c904ca43c29b4024f12502205d5e5ca1
        6a928900b49704c63dccb1faaaa3a16e52a0e7dd5e34cbf0d53ca442
      `,
    },
  ],
  ECDSA_DOUBLE_SHA_256: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        3045022061a92b9f05fcb422d19c367dc12b9a1d53f1075e8fbb3ca4200664b7c4eb0019022100f85495
        88dbe9d714ba1550c8e160015a87b8db96f4d4ec28a1c6d5f171ede0cb
      `,
    },
  ],
  ECDSA_RIPEMD_160: [
    {
      ...rfc6979P256,
      source: "@noble/curves 2.4.0",
      signature: hex`
        304502210084faceb773debc8101b5d8e62d4413a5072745bd685077aaa4032d3f2c2eb58b022010a8c7
        fc4d6faf13c6a87a47ffce0bf863d626f4fff03d83fac70a39f68ac751
      `,
    },
  ],
  ECDSA_NONE: [
    {
      ...rfc6979P256,
      source: "RFC 6979 section A.2.5, sample with SHA-256, its digest",
      repeatable: false,
      parameters: {},
      message: hex`af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf`,
      signature: hex`
        3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb
        1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8
      `,
    },
  ],
  BIP340_SCHNORR: [
    {
      algorithm: "EC_SECP256K1",
      source: "BIP 340, test vector 1",
      key: hex`
        308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420b7e151628aed2a6abf
        7158809cf4f3c762e7160f38b4da56a784d9045190cfefa14403420004dff1d77f2a671c5f36183726db
        2341be58feae1da2deced843240f7b502ba6592ce19b946c4ee58546f5251d441a065ea50735606985e5
        b228788bec4e582898
      `,
      repeatable: true,
      parameters: {
        auxRandom: hex`0000000000000000000000000000000000000000000000000000000000000001`,
      },
      message: hex`243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89`,
      signature: hex`
        6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b
        091292bff4ea897efcb639ea871cfa95f6de339e4b0a
      `,
    },
  ],
} as const satisfies Readonly<Partial<Record<SignatureId, Answers<SignatureAnswer>>>>
