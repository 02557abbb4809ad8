/**
 * The rows of the engine, each beside its bare operation, turn by turn in one process: operations
 * per CPU-second. Everything the engine does counts: the permit, the parameters, the row.
 */

import assert from "node:assert/strict"
import { once } from "node:events"

import {
  keyAlgorithm,
  mechanismRow,
  type KeyAlgorithmId,
  type MechanismId,
} from "../src/domain/algorithms.ts"
import { parsePath } from "../src/domain/derivation.ts"
import { decide, type Permit } from "../src/domain/policy.ts"
import { agree } from "../src/engine/agreement.ts"
import { encrypt } from "../src/engine/cipher.ts"
import { generateMaterial } from "../src/engine/generate.ts"
import { decapsulate, encapsulate } from "../src/engine/kem.ts"
import { openHandle, type KeyHandle } from "../src/engine/key-handle.ts"
import { mac } from "../src/engine/mac.ts"
import { runSelfTests } from "../src/engine/self-test.ts"
import { sign } from "../src/engine/signature.ts"
import { benchKeyId, benchQuestion } from "./algorithm-question.ts"
import { bareOperation, type Operation } from "./bare-operations.ts"
import { median } from "./report.ts"

/** What to measure; comes as the first message. */
export interface AlgorithmJob {
  readonly rows: readonly (readonly [KeyAlgorithmId, MechanismId])[]
  readonly runs: number
  readonly ms: number
}

export interface AlgorithmRate {
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  /** Per CPU-second. */
  readonly engine: number
  readonly bare: number | undefined
  /** Median of the runs' own ratios. */
  readonly ratio: number | undefined
}

export interface AlgorithmRates {
  readonly provider: string
  readonly rates: readonly AlgorithmRate[]
}

const message = new Uint8Array(64).fill(7)

/** Of its algorithm and mechanism: what the engine is asked for. */
async function engineOperation(handle: KeyHandle, mechanism: MechanismId): Promise<Operation> {
  const leave = (operation: Parameters<typeof benchQuestion>[0], path?: string): Permit => {
    const decision = decide(benchQuestion(operation, handle, { mechanism, path }))
    assert(decision.outcome === "allowed", JSON.stringify(decision))
    return decision.permit
  }
  const { kind, messageBytes } = mechanismRow(mechanism)
  const fitting = new Uint8Array(messageBytes ?? sizeOf(mechanism)).fill(7)
  const { form, stateful } = keyAlgorithm(handle.algorithm)
  if (kind === "signature") {
    const text = form === "seed" ? "m/0'" : undefined
    const path = text === undefined ? undefined : parsePath(text)
    const permit = leave("key.sign", text)
    const context = mechanism === "ED25519_CTX" ? Uint8Array.of(1) : undefined
    let index = 1
    return () => {
      const own = stateful === undefined ? undefined : index++ % stateful.signatures
      return sign(permit, handle, { mechanism, message: fitting, context, path, index: own })
    }
  }
  if (kind === "mac") {
    const permit = leave("key.mac")
    return () => mac(permit, handle, { mechanism, message })
  }
  if (kind === "kem") {
    const { ciphertext } = encapsulate(leave("key.encapsulate"), handle, { mechanism })
    const permit = leave("key.decapsulate")
    return () => decapsulate(permit, handle, { mechanism, ciphertext })
  }
  if (kind === "agreement") {
    const permit = leave("key.agree")
    const { publicKey = message } = await generateMaterial(handle.algorithm)
    return () => agree(permit, handle, { mechanism, publicKey })
  }
  const permit = leave("key.encrypt")
  return () => encrypt(permit, handle, { mechanism, plaintext: fitting, aad: new Uint8Array() })
}

/** What RSA encrypts, and what is signed as it comes, is short; raw RSA takes a whole modulus. */
function sizeOf(mechanism: MechanismId): number {
  if (mechanism === "RSA_RAW") return 256
  return /^RSA_(OAEP|PKCS1_ENC)|_NONE$/.test(mechanism) ? 32 : message.length
}

async function measure(
  { ms, runs }: AlgorithmJob,
  [algorithm, mechanism]: readonly [KeyAlgorithmId, MechanismId],
): Promise<AlgorithmRate> {
  const { material, publicKey } = await generateMaterial(algorithm)
  const stored = material.lend((bytes) => bytes.slice())
  const handle = openHandle({ keyId: benchKeyId, version: 1, algorithm, material, publicKey })
  const own = await engineOperation(handle, mechanism)
  const bare = bareOperation({ algorithm, mechanism, material: stored, message })
  await perCpuSecond(own, 1) // A slow row's own self-test comes with its first use.
  if (bare !== undefined) await perCpuSecond(bare, 1)
  const engines: number[] = []
  const bares: number[] = []
  for (let run = 0; run < runs; run++) {
    engines.push(await perCpuSecond(own, ms))
    if (bare !== undefined) bares.push(await perCpuSecond(bare, ms))
  }
  const compared = bares.length > 0
  const ratios = bares.map((rate, run) => (engines[run] ?? Number.NaN) / rate)
  return {
    algorithm,
    mechanism,
    engine: median(engines),
    bare: compared ? median(bares) : undefined,
    ratio: compared ? median(ratios) : undefined,
  }
}

/** Some at a time, so that reading clocks costs nothing; of all threads of the process. */
async function perCpuSecond(operation: Operation, ms: number): Promise<number> {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  let done = 0
  let group = 1
  while (performance.now() - startedAt < ms) {
    for (let each = 0; each < group; each++) {
      const made = operation()
      if (made instanceof Promise) await made
    }
    done += group
    if (group < 64 && performance.now() - startedAt < ms / 8) group *= 2
  }
  const { user, system } = process.cpuUsage(before)
  return done / ((user + system) / 1e6)
}

async function measureAll(job: AlgorithmJob): Promise<AlgorithmRates> {
  const { provider } = await runSelfTests()
  const rates: AlgorithmRate[] = []
  for (const row of job.rows) {
    process.stderr.write(`${row.join(" ")}\n`)
    rates.push(await measure(job, row))
  }
  return { provider, rates }
}

const [job] = (await once(process, "message")) as [AlgorithmJob] // Both ends lie in this folder.
process.send?.(await measureAll(job))
