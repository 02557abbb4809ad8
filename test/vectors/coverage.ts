/**
 * Which row has which vectors: known answers, and published files where the vectors are at hand. A
 * row of the tables is a key algorithm with a mechanism. Of signatures, each scheme is a row of
 * each key, and each mechanism is one of its own: what a key does to a digest does not depend on
 * the hash that made it, or on what stands before it.
 */
import {
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  type KeyAlgorithmId,
  type MechanismId,
} from "../../src/domain/algorithms.ts"
import { hashes } from "../../src/domain/hashes.ts"
import { derivationAnswers } from "../../src/engine/known-answers/derivation.ts"
import { encryptionAnswers } from "../../src/engine/known-answers/encryption.ts"
import { macAnswers, wrapAnswers } from "../../src/engine/known-answers/mac-and-wrap.ts"
import { agreementAnswers, kemAnswers } from "../../src/engine/known-answers/shared-secrets.ts"
import { signatureAnswers } from "../../src/engine/known-answers/signature.ts"
import { bip340Cases } from "./bitcoin.ts"
import { deterministicCases } from "./det-ecdsa.ts"
import { vectorCases, vectorFiles, vectorsMissing, type VectorFileId } from "./wycheproof.ts"

/** What vectors are for. */
export interface Covered {
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  /** Where they come from. */
  readonly source: string
}

/** Longest first, so that SHA_512_256 is not taken for SHA_256 after something else. */
const hashNames = Object.keys(hashes).toSorted((one, other) => other.length - one.length)

/** What a vector of a key with a mechanism shows: rows by name. */
export function rowsOf({ algorithm, mechanism }: Omit<Covered, "source">): readonly string[] {
  // What two agree on is a row of its own; how a key is derived of it does not depend on theirs.
  if (mechanism.startsWith("AGREEMENT_HKDF_")) return [mechanism]
  if (mechanismRow(mechanism).kind !== "signature") return [`${algorithm} ${mechanism}`]
  const hash = [...hashNames, "NONE"].find((name) => mechanism.endsWith(`_${name}`))
  const scheme = hash === undefined ? mechanism : mechanism.slice(0, -hash.length - 1)
  return [`${algorithm} ${scheme.replace(/^HASH_/, "")}`, mechanism]
}

/** Every row that the tables have. */
export function allRows(): ReadonlySet<string> {
  // The table's keys are the algorithms.
  const algorithms = Object.keys(keyAlgorithms) as KeyAlgorithmId[]
  const pairs = algorithms.flatMap((algorithm) =>
    keyAlgorithm(algorithm).mechanisms.map((mechanism) => ({ algorithm, mechanism })),
  )
  return new Set(pairs.flatMap(rowsOf))
}

/** The answers that a node shows to itself before its first use of a row. */
export function knownAnswers(): readonly Covered[] {
  const tables: readonly Readonly<
    Record<string, readonly { readonly algorithm: KeyAlgorithmId; readonly source: string }[]>
  >[] = [
    encryptionAnswers,
    signatureAnswers,
    macAnswers,
    wrapAnswers,
    kemAnswers,
    agreementAnswers,
    derivationAnswers,
  ]
  return tables.flatMap((table) =>
    Object.entries(table).flatMap(([mechanism, answers]) =>
      // The tables' keys are mechanisms.
      answers.map(({ algorithm, source }) => ({
        algorithm,
        mechanism: mechanism as MechanismId,
        source,
      })),
    ),
  )
}

/** Those of files, valid ones: whoever refuses everything refuses the invalid ones as well. */
export function published(): readonly Covered[] {
  if (vectorsMissing() !== false) return []
  // The table's keys are its files.
  const files = Object.keys(vectorFiles) as VectorFileId[]
  const wycheproof = files.flatMap((file) =>
    vectorCases(file)
      .filter(({ result }) => result === "valid")
      .map(({ algorithm, mechanism }) => ({ algorithm, mechanism, source: file })),
  )
  const nist = deterministicCases().map((one) => ({ ...one, source: "ACVP DetECDSA" }))
  const bip340 = bip340Cases().map(() => ({
    algorithm: "EC_SECP256K1" as const,
    mechanism: "BIP340_SCHNORR" as const,
    source: "BIP 340",
  }))
  return [...wycheproof, ...nist, ...bip340].flatMap(({ algorithm, mechanism, source }) =>
    mechanism === undefined ? [] : [{ algorithm, mechanism, source }],
  )
}
