/**
 * The rows of the engine, each beside its bare operation, turn by turn in one process: operations
 * per CPU-second. Everything the engine does counts: the permit, the parameters, the row.
 */

import { once } from "node:events"

import type { KeyAlgorithmId, MechanismId } from "../src/domain/algorithms.ts"
import { generateMaterial } from "../src/engine/generate.ts"
import { openHandle } from "../src/engine/key-handle.ts"
import { runSelfTests } from "../src/engine/self-test.ts"
import { benchKeyId } from "./algorithm-question.ts"
import { bareOperation, type Operation } from "./bare-operations.ts"
import { engineOperation, message } from "./engine-operations.ts"
import { noting } from "./last-use.ts"
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
  /** Encryption with the note of the key's last use: share of the rate without it, and cost. */
  readonly lastUse: { readonly share: number; readonly microseconds: number }
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

async function measureLastUse({ ms, runs }: AlgorithmJob): Promise<AlgorithmRates["lastUse"]> {
  const algorithm = "AES_256"
  const { material, publicKey } = await generateMaterial(algorithm)
  const handle = openHandle({ keyId: benchKeyId, version: 1, algorithm, material, publicKey })
  const without = await engineOperation(handle, "XAES_256_GCM")
  const noted = noting(without)
  for (const each of [without, noted]) await perCpuSecond(each, ms)
  const shares: number[] = []
  const costs: number[] = []
  for (let run = 0; run < runs; run++) {
    const base = await perCpuSecond(without, ms)
    const rate = await perCpuSecond(noted, ms)
    shares.push(rate / base)
    costs.push(1e6 / rate - 1e6 / base)
  }
  return { share: median(shares), microseconds: median(costs) }
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
  return { provider, rates, lastUse: await measureLastUse(job) }
}

const [job] = (await once(process, "message")) as [AlgorithmJob] // Both ends lie in this folder.
process.send?.(await measureAll(job))
