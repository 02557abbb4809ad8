/**
 * `npm run bench -- algorithms`: what the engine does per core-second, row by row, beside the bare
 * operation of the same run and `openssl speed`.
 */

import {
  defaultMechanism,
  type KeyAlgorithmId,
  type MechanismId,
} from "../src/domain/algorithms.ts"
import { listKeyAlgorithms, listMechanisms } from "../src/domain/catalogue.ts"
import type { AlgorithmJob, AlgorithmRate, AlgorithmRates } from "./algorithm-rates.ts"
import { opensslSignatures } from "./openssl.ts"
import { askScript, cores } from "./processes.ts"
import { table, whole } from "./report.ts"

const kinds = ["signature", "mac", "encryption", "kem", "agreement", "wrap", "derivation"] as const

/** Rows that have to reach so much of the bare operation: RSA, P-256, Ed25519, ML-DSA, SLH-DSA. */
const target = 0.85
const targeted =
  /^(RSA_\d+ RSA_P|EC_P256 ECDSA_SHA_256$|ED25519 ED25519$|ML_DSA_\d+ ML_DSA|SLH_DSA_\w+ SLH_DSA$)/

/** Each algorithm with the first mechanism of each kind, and each mechanism once. */
export function benchRows(only: RegExp): AlgorithmJob["rows"] {
  const algorithms = listKeyAlgorithms()
  const usual = algorithms.flatMap(({ algorithm }) =>
    kinds.flatMap((kind): [KeyAlgorithmId, MechanismId][] => {
      const mechanism = defaultMechanism(algorithm, kind)
      // Of HSS_LMS there are public halves alone.
      return mechanism === undefined || algorithm === "HSS_LMS" ? [] : [[algorithm, mechanism]]
    }),
  )
  const seen = new Set(usual.map(([, mechanism]) => mechanism))
  const others = listMechanisms().flatMap(({ mechanism }): [KeyAlgorithmId, MechanismId][] => {
    const found = algorithms.find(({ mechanisms }) => mechanisms.includes(mechanism))
    if (seen.has(mechanism) || found === undefined) return []
    return [[found.algorithm, mechanism]]
  })
  return [...usual, ...others].filter((row) => only.test(row.join(" ")))
}

/** Measures and renders. */
export async function benchAlgorithms(options: {
  readonly only: RegExp
  readonly runs: number
  readonly ms: number
}): Promise<{ readonly text: string; readonly missed: readonly string[] }> {
  const { only, runs, ms } = options
  const job: AlgorithmJob = { rows: benchRows(only), runs, ms }
  const { provider, rates, lastUse } = await askScript<AlgorithmRates>(
    cores.server,
    "algorithm-rates.ts",
    job,
  )
  const openssl = ms < 50 ? {} : opensslSignatures()
  const missed = rates.filter(({ ratio = 1, ...row }) => isTargeted(row) && ratio < target)
  const heads = ["Algorithm", "Mechanism", "engine", "node:crypto", "openssl speed", "Ratio"]
  const lines = rates.map((rate) => [
    rate.algorithm,
    rate.mechanism,
    figure(rate.engine),
    rate.bare === undefined ? "" : figure(rate.bare),
    opensslFigure(openssl, rate),
    ratioText(rate),
  ])
  const intro =
    `Operations per core-second inside the engine (${provider}), medians of ${runs} runs of ` +
    `${ms} ms; messages of 64 bytes; pairs sign, decapsulate, agree, encrypt. The bare ` +
    "operation is node:crypto's, or tiny-secp256k1's, with the same key in the same minute. " +
    "Of wraps, unwrapping and importing 32 bytes is measured, beside what is slowest in it; of " +
    "derivations, the least that they may be asked for (PBKDF2 with 1,000 iterations, Argon2id " +
    "with 8 MiB)."
  const noted =
    `Noting a key's last use costs ${lastUse.microseconds.toFixed(2)} µs, with 10,000 keys in ` +
    `turn: ${lastUse.share.toFixed(2)} of the rate of XAES-256-GCM inside the engine, which no ` +
    "whole request comes near."
  return {
    text: [intro, table(heads, lines), noted].join("\n\n"),
    missed: missed.map(({ algorithm, mechanism }) => `${algorithm} ${mechanism}`),
  }
}

function isTargeted({ algorithm, mechanism }: Omit<AlgorithmRate, "ratio">): boolean {
  return targeted.test(`${algorithm} ${mechanism}`)
}

function opensslFigure(
  openssl: Partial<Record<KeyAlgorithmId, number>>,
  { algorithm, mechanism }: AlgorithmRate,
): string {
  const found = openssl[algorithm]
  const isUsual = mechanism === defaultMechanism(algorithm, "signature")
  return found === undefined || !isUsual ? "" : figure(found)
}

function ratioText({ ratio, ...row }: AlgorithmRate): string {
  if (ratio === undefined) return ""
  if (!isTargeted(row)) return ratio.toFixed(2)
  return `**${ratio.toFixed(2)}** (${target}: ${ratio >= target ? "met" : "not met"})`
}

/** Whole, unless it is so slow that nothing would be left. */
function figure(rate: number): string {
  return rate < 10 ? rate.toFixed(2) : whole(rate)
}
