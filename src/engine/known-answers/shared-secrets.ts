/**
 * Known answers of key encapsulation and agreement. Those with long keys stand in a file beside
 * this one: key (PKCS#8), then ciphertext or the other's public key (SPKI), then the shared secret.
 */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { AgreementId, KemId } from "../provider.ts"
import { hex, type AgreementAnswer, type Answers, type KemAnswer } from "./answer.ts"

const file = Uint8Array.from(readFileSync(join(import.meta.dirname, "shared-secrets.bin")))
let at = 0

/** The next `count` bytes of the file. */
function take(count: number): Uint8Array {
  at += count
  return file.subarray(at - count, at)
}

/** Sizes in bytes, in the file's order. */
type Sizes = readonly [key: number, other: number, sharedSecret: number]

/** The file's next answer of a KEM. */
function kemAnswer<const Id extends KeyAlgorithmId>(
  algorithm: Id,
  source: string,
  [key, ciphertext, sharedSecret]: Sizes,
): KemAnswer & { readonly algorithm: Id } {
  const taken = { key: take(key), ciphertext: take(ciphertext), sharedSecret: take(sharedSecret) }
  return { algorithm, source, ...taken }
}

/** The file's next answer of DH. */
function dhAnswer<const Id extends KeyAlgorithmId>(
  algorithm: Id,
  [key, publicKey, sharedSecret]: Sizes,
): AgreementAnswer & { readonly algorithm: Id } {
  const source = "OpenSSL 3.0.19 pkeyutl -derive -pkeyopt dh_pad:1"
  const taken = { key: take(key), publicKey: take(publicKey), sharedSecret: take(sharedSecret) }
  return { algorithm, source, ...taken }
}

/** By mechanism; in the order of the file. */
export const kemAnswers = {
  ML_KEM: [
    kemAnswer("ML_KEM_512", "Wycheproof mlkem_512, test 1", [86, 768, 32]),
    kemAnswer("ML_KEM_768", "Wycheproof mlkem_768, test 1", [86, 1088, 32]),
    kemAnswer("ML_KEM_1024", "Wycheproof mlkem_1024, test 1", [86, 1568, 32]),
  ],
} as const satisfies Record<KemId, Answers<KemAnswer>>

/** By mechanism. */
export const agreementAnswers = {
  DH: [
    dhAnswer("DH_FFDHE2048", [323, 552, 256]),
    dhAnswer("DH_FFDHE3072", [457, 808, 384]),
    dhAnswer("DH_FFDHE4096", [591, 1064, 512]),
    dhAnswer("DH_FFDHE6144", [853, 1577, 768]),
    dhAnswer("DH_FFDHE8192", [1112, 2088, 1024]),
  ],
  ECDH: [
    {
      algorithm: "EC_P256",
      source: "Wycheproof ecdh_secp256r1, test 1",
      key: hex`
        308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104200612465c89a0
        23ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346a14403420004b59cc7671dd6a6b836e2
        cd9396ef5618b2ff3e8192dd7c9d36c27cb56ff916614826d9dbd5ae64cdd8575068bbc9e63f231ea57e
        d03248844c09331b95392053
      `,
      publicKey: hex`
        3059301306072a8648ce3d020106082a8648ce3d0301070342000462d5bd3372af75fe85a040715d0f50
        2428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf8d13990eb741c8c38872b4a0
        7d275a014e30cf
      `,
      sharedSecret: hex`53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285`,
    },
    {
      algorithm: "EC_P384",
      source: "Wycheproof ecdh_secp384r1, test 1",
      key: hex`
        3081b6020100301006072a8648ce3d020106052b8104002204819e30819b0201010430766e61425b2da9
        f846c09fc3564b93a6f8603b7392c785165bf20da948c49fd1fb1dee4edd64356b9f21c588b75dfd81a1
        64036200047a6ec8d311d5ca588baed41be3e98f30c9294844ecbb629995653635dbc22da2f083f29711
        e0f9c5963bc021bd8cb2109daf56a55f883a7200cea9c4de44488e6dc49fb9c394f51cb5a49fc69d7e8a
        034792963ae4eabc63483a2cf1a899e8c8
      `,
      publicKey: hex`
        3076301006072a8648ce3d020106052b8104002203620004790a6e059ef9a5940163183d4a7809135d29
        791643fc43a2f17ee8bf677ab84f791b64a6be15969ffa012dd9185d8796d9b954baa8a75e82df711b3b
        56eadff6b0f668c3b26b4b1aeb308a1fcc1c680d329a6705025f1c98a0b5e5bfcb163caa
      `,
      sharedSecret: hex`
        6461defb95d996b24296f5a1832b34db05ed031114fbe7d98d098f93859866e4de1e229da71fef0c77fe
        49b249190135
      `,
    },
    {
      algorithm: "EC_P521",
      source: "Wycheproof ecdh_secp521r1, test 1",
      key: hex`
        3081ee020100301006072a8648ce3d020106052b810400230481d63081d3020101044201939982b52959
        6ce77a94bc6efd03e92c21a849eb4f87b8f619d506efc9bb22e7c61640c90d598f795b64566dc6df4399
        2ae34a1341d458574440a7371f611c7dcda18189038186000401fac84b38d732daccfcefaad9a178e3d0
        4f2c30e19c4925d112e88235c10c088036d4d1ea2528f5e02003da703533170489c6576d6e1e4d0fc73e
        ec126ca55acd84000904b6199d2f6e890a654be20c9e65a40ad120157043881822fc52df4120e4563a7c
        d5905c01678d65e845eae9c653e303f79c523910551d212fbd7c25e2d13449
      `,
      publicKey: hex`
        30819b301006072a8648ce3d020106052b8104002303818600040064da3e94733db536a74a0d8a5cb226
        5a31c54a1da6529a198377fbd38575d9d79769ca2bdf2d4c972642926d444891a652e7f492337251adf1
        613cf3077999b5ce00e04ad19cf9fd4722b0c824c069f70c3c0e7ebc5288940dfa92422152ae4a4f7918
        3ced375afb54db1409ddf338b85bb6dbfc5950163346bb63a90a70c5aba098f7
      `,
      sharedSecret: hex`
        01f1e410f2c6262bce6879a3f46dfb7dd11d30eeee9ab49852102e1892201dd10f27266c2cf7cbccc7f6
        885099043dad80ff57f0df96acf283fb090de53df95f7d87
      `,
    },
  ],
  X25519: [
    {
      algorithm: "X25519",
      source: "RFC 7748 section 6.1",
      key: hex`
        302e020100300506032b656e0422042077076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177
        fba51db92c2a
      `,
      publicKey: hex`
        302a300506032b656e032100de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f88
        2b4f
      `,
      sharedSecret: hex`4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742`,
    },
  ],
  X448: [
    {
      algorithm: "X448",
      source: "RFC 7748 section 6.2",
      key: hex`
        3046020100300506032b656f043a04389a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498
        c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b
      `,
      publicKey: hex`
        3042300506032b656f0339003eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8
        b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609
      `,
      sharedSecret: hex`
        07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c
        24403085d59a449a5037514a879d
      `,
    },
  ],
} as const satisfies Record<AgreementId, Answers<AgreementAnswer>>
