/** How certificates name the algorithms of signatures: AlgorithmIdentifier, DER. */

import {
  derTags,
  explicit,
  sequence,
  writeDer,
  writeDerObjectId,
  writeDerUnsigned,
} from "../../codec/der.ts"
import {
  defaultMechanism,
  mechanismRow,
  type KeyAlgorithmId,
  type MechanismId,
} from "../../domain/algorithms.ts"

const nist = "2.16.840.1.101.3.4"
const pkcs1 = "1.2.840.113549.1.1"
const ecdsaSha2 = "1.2.840.10045.4.3"

/** RFC 5758 section 3.2 and NIST's register; RFC 8410; without parameters. */
const bare: Partial<Record<MechanismId, string>> = {
  ECDSA_SHA_224: `${ecdsaSha2}.1`,
  ECDSA_SHA_256: `${ecdsaSha2}.2`,
  ECDSA_SHA_384: `${ecdsaSha2}.3`,
  ECDSA_SHA_512: `${ecdsaSha2}.4`,
  ECDSA_SHA3_224: `${nist}.3.9`,
  ECDSA_SHA3_256: `${nist}.3.10`,
  ECDSA_SHA3_384: `${nist}.3.11`,
  ECDSA_SHA3_512: `${nist}.3.12`,
  ED25519: "1.3.101.112",
  ED448: "1.3.101.113",
}

/** RFC 4055 section 5 and NIST's register; with NULL for parameters. */
const withNull: Partial<Record<MechanismId, string>> = {
  RSA_PKCS1_SHA_256: `${pkcs1}.11`,
  RSA_PKCS1_SHA_384: `${pkcs1}.12`,
  RSA_PKCS1_SHA_512: `${pkcs1}.13`,
  RSA_PKCS1_SHA_224: `${pkcs1}.14`,
  RSA_PKCS1_SHA3_224: `${nist}.3.13`,
  RSA_PKCS1_SHA3_256: `${nist}.3.14`,
  RSA_PKCS1_SHA3_384: `${nist}.3.15`,
  RSA_PKCS1_SHA3_512: `${nist}.3.16`,
}

/** RFC 4055 section 3.1: the hash, which is that of MGF1 and the length of the salt as well. */
const pssHashes: Partial<Record<MechanismId, string>> = {
  RSA_PSS_SHA_256: `${nist}.2.1`,
  RSA_PSS_SHA_384: `${nist}.2.2`,
  RSA_PSS_SHA_512: `${nist}.2.3`,
  RSA_PSS_SHA_224: `${nist}.2.4`,
}

/** RFC 9881 and RFC 9909: by the key's algorithm, as their one mechanism is the pure one. */
const postQuantum: Partial<Record<KeyAlgorithmId, string>> = {
  ML_DSA_44: `${nist}.3.17`,
  ML_DSA_65: `${nist}.3.18`,
  ML_DSA_87: `${nist}.3.19`,
  SLH_DSA_SHA2_128S: `${nist}.3.20`,
  SLH_DSA_SHA2_128F: `${nist}.3.21`,
  SLH_DSA_SHA2_192S: `${nist}.3.22`,
  SLH_DSA_SHA2_192F: `${nist}.3.23`,
  SLH_DSA_SHA2_256S: `${nist}.3.24`,
  SLH_DSA_SHA2_256F: `${nist}.3.25`,
  SLH_DSA_SHAKE_128S: `${nist}.3.26`,
  SLH_DSA_SHAKE_128F: `${nist}.3.27`,
  SLH_DSA_SHAKE_192S: `${nist}.3.28`,
  SLH_DSA_SHAKE_192F: `${nist}.3.29`,
  SLH_DSA_SHAKE_256S: `${nist}.3.30`,
  SLH_DSA_SHAKE_256F: `${nist}.3.31`,
}

const nothing = writeDer(derTags.null)

/** Undefined where certificates have no name for it. */
export function signatureIdentifier(
  algorithm: KeyAlgorithmId,
  mechanism: MechanismId,
): Uint8Array | undefined {
  const plain = bare[mechanism]
  if (plain !== undefined) return sequence(writeDerObjectId(plain))
  const old = withNull[mechanism]
  if (old !== undefined) return sequence(writeDerObjectId(old), nothing)
  const pure = mechanism === "ML_DSA" || mechanism === "SLH_DSA"
  const sized = pure ? postQuantum[algorithm] : undefined
  if (sized !== undefined) return sequence(writeDerObjectId(sized))
  return pssIdentifier(mechanism)
}

function pssIdentifier(mechanism: MechanismId): Uint8Array | undefined {
  const hash = pssHashes[mechanism]
  if (hash === undefined) return undefined
  const hashed = sequence(writeDerObjectId(hash), nothing)
  const salt = writeDerUnsigned(BigInt(mechanismRow(mechanism).digestBytes ?? 0))
  return sequence(
    writeDerObjectId(`${pkcs1}.10`),
    sequence(
      explicit(0, hashed),
      explicit(1, sequence(writeDerObjectId(`${pkcs1}.8`), hashed)),
      explicit(2, salt),
    ),
  )
}

/** What a certificate is signed with unless its caller says otherwise: what all verifiers read. */
export function usualMechanism(algorithm: KeyAlgorithmId): MechanismId | undefined {
  if (algorithm.startsWith("RSA_")) return "RSA_PKCS1_SHA_256"
  return defaultMechanism(algorithm, "signature")
}
