/** What the OpenSSL of the system says of itself, per CPU-second. */

import { spawnSync } from "node:child_process"

import type { KeyAlgorithmId } from "../src/domain/algorithms.ts"
import type { PrimitiveRates } from "./primitives.ts"
import { cores, pinned } from "./processes.ts"

const messageBytes = 64

/** Runs `openssl speed`; empty where there is none. Its shortest run is one second each. */
export function opensslRates(): PrimitiveRates {
  const aes = speed(["-bytes", String(messageBytes), "-evp", "aes-256-gcm"], /^\+F:.*:([\d.]+)$/m)
  const ec = speed(["ecdsap256"], /^\+F4:\d+:256:([\d.]+):/m)
  const rsa = speed(["rsa2048"], /^\+F2:\d+:2048:([\d.]+):/m)
  if (aes === undefined || ec === undefined || rsa === undefined) return {}
  return {
    "openssl AES-256-GCM 64 B": alike(aes / messageBytes),
    "openssl P-256 sign": alike(ec),
    "openssl RSA-2048 sign": alike(rsa),
  }
}

/** The one figure of its machine-readable output: bytes, or signatures, per second. */
function speed(what: readonly string[], pattern: RegExp): number | undefined {
  const command = ["openssl", "speed", "-mr", "-seconds", "1", ...what]
  const { stdout } = spawnSync(...pinned(cores.server, command), { encoding: "latin1" })
  const [, figure] = pattern.exec(stdout) ?? []
  return figure === undefined ? undefined : Number(figure)
}

/** It counts user time of one thread that never waits: both rates are the same. */
function alike(rate: number): { perCpuSecond: number; perSecond: number } {
  return { perCpuSecond: rate, perSecond: rate }
}

/** Its names, and where their lines say how many signatures it makes. */
const signing: readonly (readonly [KeyAlgorithmId, name: string, line: string])[] = [
  ["RSA_2048", "rsa2048", "F2:\\d+:2048"],
  ["RSA_3072", "rsa3072", "F2:\\d+:3072"],
  ["RSA_4096", "rsa4096", "F2:\\d+:4096"],
  ["EC_P256", "ecdsap256", "F4:\\d+:256"],
  ["EC_P384", "ecdsap384", "F4:\\d+:384"],
  ["EC_P521", "ecdsap521", "F4:\\d+:521"],
  ["ED25519", "ed25519", "F6:\\d+:\\d+:Ed25519"],
  ["ED448", "ed448", "F6:\\d+:\\d+:Ed448"],
]

/** Signatures per second by key algorithm, of those that it knows. */
export function opensslSignatures(): Partial<Record<KeyAlgorithmId, number>> {
  const found = signing.flatMap(([algorithm, name, line]) => {
    const rate = speed([name], new RegExp(`^\\+${line}:([\\d.]+):`, "m"))
    return rate === undefined ? [] : [[algorithm, rate] as const]
  })
  return Object.fromEntries(found)
}
