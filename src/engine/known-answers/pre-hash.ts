/**
 * Known answers of HashML-DSA and HashSLH-DSA, without random bits, of "Test" in the context
 * "context", by @noble/post-quantum 0.7.1: the SHA-256 of each signature.
 */

import { preHashes, type PreHashId } from "../../domain/hashes.ts"
import { rowsOf } from "../provider.ts"
import { hex, type Answers, type SignatureAnswer } from "./answer.ts"
import { slhDsaAnswers } from "./slh-dsa.ts"

const mlDsa44: Readonly<Record<PreHashId, Uint8Array>> = {
  SHA_512: hex`d1643f57771d53d3fb30999db99fe4e277f162492b2174ed26f5ffe8571334b4`,
  SHA3_512: hex`680ad5bef142aacb758353b19ef3931edd187bb36b32dbf99cd5dd6057906a20`,
  SHAKE_256: hex`a94e40a5497cd8063f5165f75216ce956df9acbafd0165c262793483afa0bc49`,
  SHA_384: hex`96bc2015be697a0dd0fe04fff3bea9c54e7683e3c9270ffd7cb4c87495291d4f`,
  SHA3_384: hex`082dfaef15513b0fc5bd9298ddf89231ee5cd3193206da1cd18af5a8fe34ad7b`,
  SHA_256: hex`abe118b7c6b95887396b42907890f6c1a7dba0b939e9d325cb3d9727d032bd66`,
  SHA_512_256: hex`9f9eb2b370fabc89dad7a2f7928ec06603d5b7dce1b13e9b4af5a4cb71631728`,
  SHA3_256: hex`5464e3ddbd4ad73afe582e6406fc729f69124cb6e1a7e7873debf67949e33bd7`,
  SHAKE_128: hex`fa550c7ac900597f53670a1587bede6d075ab37bfb39db1b0dc3381c6d0d120a`,
}
const slhDsa128f: Readonly<Record<PreHashId, Uint8Array>> = {
  SHA_512: hex`061dff25994884733bf50069687649dcb52610314b6b670bfb10bf87fee63043`,
  SHA3_512: hex`78ab6eed037b4fbb960c0c47ce311021dd5785556100b8b99872e026c5508376`,
  SHAKE_256: hex`7def6ad45985b9c306a5b0cfdaf90172c1b2f42532b06aed4c5cf35d7b400c6f`,
  SHA_384: hex`53e2bcf12f4b9c778157fd34ee04ab1512234ea890c3faf0afcb74ecb8fc3d9f`,
  SHA3_384: hex`5da7b400d66c67f9b4408dd3c98f778c9f74d3b724aaec6b6e1c1bbc0f4d7faa`,
  SHA_256: hex`0bfb4b761c37ef3f590b286179d4dfe250a34238a0d5c9108a471651f0f7d4f8`,
  SHA_512_256: hex`322e1f9eb4a59ae60718c3f1c6e52bfab33c463195a0e4fb7400f77db3b997c1`,
  SHA3_256: hex`7753276f38069d42e5e19844cce6912cb4328f8bcef8d8155fbb68184cd327b0`,
  SHAKE_128: hex`13c8ce1796a45daa0cf37bff702bb2b2b9536d43b6ac0c3e22105e00487e7a0f`,
}

const given = {
  source: "@noble/post-quantum 0.7.1",
  message: hex`54657374`,
  parameters: { deterministic: true, context: hex`636f6e74657874` },
} as const
/** PKCS#8 of a seed (RFC 9881 section 6). */
const seed = hex`
  3034020100300b0609608648016503040311042280202a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a
  2a2a2a2a2a2a2a2a2a2a2a2a
`

function mlDsaAnswer(hash: PreHashId): Answers<SignatureAnswer> {
  return [{ ...given, algorithm: "ML_DSA_44", key: seed, signatureSha256: mlDsa44[hash] }]
}

function slhDsaAnswer(hash: PreHashId): Answers<SignatureAnswer> {
  const algorithm = "SLH_DSA_SHA2_128F"
  const known = slhDsaAnswers.find((one) => one.algorithm === algorithm)
  const key = known?.key ?? new Uint8Array()
  return [{ ...given, algorithm, key, signatureSha256: slhDsa128f[hash], slow: true }]
}

/** By mechanism. */
export const preHashAnswers = {
  ...rowsOf("HASH_ML_DSA", preHashes, mlDsaAnswer),
  ...rowsOf("HASH_SLH_DSA", preHashes, slhDsaAnswer),
}
