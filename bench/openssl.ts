/** What the OpenSSL of the system says of itself, per CPU-second. */

import { spawnSync } from "node:child_process"

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
