/** The bare operations in a loop, without any of what a service has to do around them. */

import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
} from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import type { Primitive } from "./plan.ts"

/** How long each loop runs; comes as the first message. */
export interface PrimitivesJob {
  readonly primitiveMs: number
}

/** Operations per CPU-second and per second of each primitive that is measured here. */
export type PrimitiveRates = Partial<Record<Primitive, Rates>>
export interface Rates {
  readonly perCpuSecond: number
  readonly perSecond: number
}

const message = randomBytes(64)

function run(ms: number): PrimitiveRates {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const rsa = pair.privateKey
  const rsa3072 = generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey
  const ed = generateKeyPairSync("ed25519").privateKey
  const mlDsa = generateKeyPairSync("ml-dsa-65").privateKey
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }
  const oaep = { key: rsa, ...padding }
  const wrapped = publicEncrypt({ key: pair.publicKey, ...padding }, message)
  return {
    "node:crypto AES-256-GCM 64 B": rates(ms, 256, sealer()),
    "node:crypto P-256 sign": rates(ms, 16, () => sign("sha256", message, ec)),
    "node:crypto RSA-2048 sign": rates(ms, 1, () => sign("sha256", message, rsa)),
    "node:crypto RSA-3072 sign": rates(ms, 1, () => sign("sha256", message, rsa3072)),
    "node:crypto RSA-2048 OAEP decrypt": rates(ms, 1, () => privateDecrypt(oaep, wrapped)),
    "node:crypto Ed25519 sign": rates(ms, 16, () => sign(null, message, ed)),
    "node:crypto ML-DSA-65 sign": rates(ms, 1, () => sign(null, message, mlDsa)),
    "SQLite durable transaction": durableRates(ms),
  }
}

/** With IVs made beforehand, as any service would. */
function sealer(): () => void {
  const key = randomBytes(32)
  const pool = randomBytes(12 * 1024)
  let at = 0
  return () => {
    at = (at + 12) % pool.length
    const cipher = createCipheriv("aes-256-gcm", key, pool.subarray(at, at + 12))
    Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()])
  }
}

/** One row of a key's size per transaction, with the settings of our own store. */
function durableRates(ms: number): Rates {
  const folder = mkdtempSync(join(tmpdir(), "keyhold-bench-"))
  const db = new DatabaseSync(join(folder, "one.sqlite"))
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (k, v)")
  const insert = db.prepare("INSERT INTO t VALUES (?, ?)")
  const value = randomBytes(512)
  let row = 0
  try {
    return rates(ms, 1, () => insert.run(row++, value))
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
}

/** Runs `operation` in rounds of `count` until the time is up. */
function rates(ms: number, count: number, operation: () => unknown): Rates {
  for (let warm = 0; warm < count; warm++) operation()
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let done = 0
  while (performance.now() - startedAt < ms) {
    for (let each = 0; each < count; each++) operation()
    done += count
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perCpuSecond: done / ((user + system) / 1e6), perSecond: done / seconds }
}

process.once("message", ({ primitiveMs }: PrimitivesJob) => process.send?.(run(primitiveMs)))
