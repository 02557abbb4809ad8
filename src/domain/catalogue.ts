/** The tables of algorithms as their users see them: in the API, on the command line, on paper. */

import {
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  mechanisms,
  type AlgorithmStatus,
  type DerivationParameter,
  type KeyAlgorithmId,
  type KeyAlgorithmRow,
  type MechanismId,
  type MechanismRow,
} from "./algorithms.ts"

/** What a signature can be asked for besides its mechanism, as requests name it. */
export const signatureParameters = [
  "context",
  "digest",
  "mu",
  "deterministic",
  "saltLength",
  "mgfHash",
  "auxRandom",
  "merkleRoot",
] as const
export type SignatureParameter = (typeof signatureParameters)[number]

/** Those, and what derivations are given. */
export type MechanismParameter = SignatureParameter | DerivationParameter

export interface KeyAlgorithmEntry extends Omit<KeyAlgorithmRow, "stateful"> {
  readonly algorithm: KeyAlgorithmId
  /** Of one key version, where it counts them. */
  readonly signaturesMax?: number
}

export interface MechanismEntry {
  readonly mechanism: MechanismId
  readonly kind: MechanismRow["kind"]
  readonly status: AlgorithmStatus
  /** Seals under one key version. */
  readonly sealsMax?: number
  /** Of the digest that may stand in a message's place. */
  readonly digestBytes?: number
  /** Of every message. */
  readonly messageBytes?: number
  readonly parameters: readonly MechanismParameter[]
  readonly source: string
}

// The tables' keys are their identifiers.
const algorithmIds = Object.keys(keyAlgorithms) as readonly KeyAlgorithmId[]
const mechanismIds = Object.keys(mechanisms) as readonly MechanismId[]

/** Every key algorithm, in the table's order. */
export function listKeyAlgorithms(): readonly KeyAlgorithmEntry[] {
  return algorithmIds.map((algorithm) => {
    const { stateful, ...row } = keyAlgorithm(algorithm)
    const counted = stateful === undefined ? {} : { signaturesMax: stateful.signatures }
    return { algorithm, ...row, ...counted }
  })
}

/** Every mechanism, in the table's order. */
export function listMechanisms(): readonly MechanismEntry[] {
  return mechanismIds.map((mechanism) => {
    const row = mechanismRow(mechanism)
    const { kind, status, sealsMax, digestBytes, messageBytes, source } = row
    return {
      mechanism,
      kind,
      status,
      ...(sealsMax === undefined ? {} : { sealsMax }),
      ...(digestBytes === undefined ? {} : { digestBytes }),
      ...(messageBytes === undefined ? {} : { messageBytes }),
      parameters: parametersOf(row),
      source,
    }
  })
}

function parametersOf(row: MechanismRow): readonly MechanismParameter[] {
  const takes: Readonly<Record<SignatureParameter, boolean>> = {
    context: row.context !== undefined,
    digest: row.digestBytes !== undefined,
    mu: row.mu === true,
    deterministic: row.deterministic === true,
    saltLength: row.pss === true,
    mgfHash: row.pss === true,
    auxRandom: row.taproot === true,
    merkleRoot: row.taproot === true,
  }
  const ofSignature = signatureParameters.filter((name) => takes[name])
  return [...ofSignature, ...(row.needs ?? []), ...(row.takes ?? [])]
}
