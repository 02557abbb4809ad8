/** Known answers of seeds: signatures of "Test" under the keys that their standards publish. */

import { hex } from "./answer.ts"

const message = hex`54657374`
const seed = hex`000102030405060708090a0b0c0d0e0f`
const whole = { key: seed, message, repeatable: true } as const
const parameters = { deterministic: true } as const

/** By algorithm. */
export const seedAnswers = {
  BIP32_SECP256K1: {
    ...whole,
    algorithm: "BIP32_SECP256K1",
    source: "BIP 32, test vector 1, signed by @noble/curves 2.4.0",
    path: "m/0'/1/2'/2/1000000000",
    parameters,
    signature: hex`
      304402200b0cf119cb53adb3624061ec1bf8f00fe3354cdf025c73772c0203529d617685022065ea3a204e
      005f1bdaa58d16c44062a858e9193e4bb6cbdab9b7c3008335449d
    `,
  },
  SLIP10_P256: {
    ...whole,
    algorithm: "SLIP10_P256",
    source: "SLIP-10, test vector 1 for nist256p1, signed by @noble/curves 2.4.0",
    path: "m/0'/1/2'/2/1000000000",
    parameters,
    signature: hex`
      3046022100f8a3701f6156ccf84ba035d0fd57cef1543e0f7fd1b7b245e24d103335173d27022100dee882
      29438a05d14f09727d88c0c23b87f2d3035edb8a6374337f33ed20e1a3
    `,
  },
  SLIP10_ED25519: {
    ...whole,
    algorithm: "SLIP10_ED25519",
    source: "SLIP-10, test vector 1 for ed25519, signed by @noble/curves 2.4.0",
    path: "m/0'/1'/2'/2'/1000000000'",
    signature: hex`
      a14199565ad2ab348d5e126445b6bae3d2e52c55dc68b29b3ecd7d59c6bd6d6aa59064b3ffb808b193ff41
      670199f05daf9dcef0d73a0a8d1a93b668c5a18e04
    `,
  },
  BIP32_ED25519_CARDANO: {
    ...whole,
    algorithm: "BIP32_ED25519_CARDANO",
    source: "cardano-serialization-lib 15.0.3",
    key: hex`
      60ce7dbec3616e9fc17e0c32578b3f380337b1b61a1f3cb9651aee30670e6f53970419a23a2e4e4082d12b
      f78faa8645dfc882cee2ae7179e2b07fe88098abb2072310084784c7308182dbbdb1449b2706586f1ff5cb
      f13d15e9b6e78c15f067
    `,
    path: "m/1852'/1815'/0'/0/0",
    signature: hex`
      2386b36b400ee956ad7a2983aaecf87f5bb21f552e6ad4863875f338dbcf331e10fbe4c6d691751915f483
      e239ee17aad26c58c8ba094cb846db59f90dcaa00d
    `,
  },
} as const
