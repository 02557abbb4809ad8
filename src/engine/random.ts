/**
 * Random bytes: OpenSSL's CTR_DRBG (SP 800-90A), which seeds itself from the kernel, with health
 * tests on its output and on the kernel's. Short values such as IVs come from a pool, since a call
 * into the generator costs sixty times what a pooled IV does.
 */

import assert from "node:assert/strict"
import { randomFillSync } from "node:crypto"
import { closeSync, openSync, readSync } from "node:fs"
import { HsmError } from "../domain/errors.ts"
import { EntropyHealth } from "./entropy-health.ts"

/** Where random bytes come from. */
export interface EntropySource {
  /** Fills `bytes` from the generator that everything is made of. */
  fill(bytes: Uint8Array): void
  /** `count` bytes of what seeds that generator, for the health tests alone. */
  seed(count: number): Uint8Array
}

/** 512 GCM IVs of 24 bytes: beyond this size the cost per IV no longer falls. */
const poolBytes = 12 * 1024
/** SP 800-90B section 4.3: a start-up test takes at least 1,024 consecutive samples. */
const startupBytes = 1024
/** Of the seed source, each time the pool is filled. */
const seedSampleBytes = 32

/** A tested source with a pool. After an alarm every call is refused until the process is new. */
export class Random {
  readonly #source: EntropySource
  readonly #output = new EntropyHealth()
  readonly #seed = new EntropyHealth()
  readonly #pool = new Uint8Array(poolBytes)
  /** Where the unused part of the pool begins; what lies before it is wiped. */
  #used = poolBytes

  /** @throws {@link HsmError} INTERNAL when the start-up test fails. */
  constructor(source: EntropySource) {
    this.#source = source
    this.#seed.feed(source.seed(startupBytes))
    this.bytes(startupBytes)
  }

  /**
   * `count` fresh bytes.
   *
   * @throws {@link HsmError} INTERNAL once a health test has failed.
   */
  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    this.#fill(bytes)
    return bytes
  }

  /**
   * `count` fresh bytes, up to 12 KiB from the pool; each leaves it once and is wiped there.
   *
   * @throws {@link HsmError} INTERNAL once a health test has failed.
   */
  pooled(count: number): Uint8Array {
    if (count > poolBytes) return this.bytes(count)
    if (this.#used + count > poolBytes) {
      this.#seed.feed(this.#source.seed(seedSampleBytes))
      this.#fill(this.#pool)
      this.#used = 0
    }
    const end = this.#used + count
    const bytes = this.#pool.slice(this.#used, end)
    this.#pool.fill(0, this.#used, end)
    this.#used = end
    return bytes
  }

  #fill(bytes: Uint8Array): void {
    this.#source.fill(bytes)
    this.#output.feed(bytes)
    const alarm = this.#seed.alarm ?? this.#output.alarm
    if (alarm === undefined) return
    bytes.fill(0)
    throw new HsmError("INTERNAL", `the random source failed its ${alarm} test (SP 800-90B)`)
  }
}

/** Where others take random bytes from. */
interface Source {
  bytes(count: number): Uint8Array
}

/**
 * Deals out one draw of `count` bytes, piece by piece and each once: a call into the generator
 * costs as much as what it gives for a hundred keys.
 */
export function dealing(source: Source, count: number): (some: number) => Uint8Array {
  let rest = source.bytes(count)
  return (some) => {
    assert(some <= rest.length, "as much was drawn as is dealt out")
    const taken = rest.subarray(0, some)
    rest = rest.subarray(some)
    return taken
  }
}

/** Reads what the kernel gives everyone: the closest to OpenSSL's seed that a process can see. */
function readKernel(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  const device = openSync("/dev/random", "r")
  try {
    const got = readSync(device, bytes)
    if (got !== count) throw new HsmError("INTERNAL", "the kernel gave too few random bytes")
  } finally {
    closeSync(device)
  }
  return bytes
}

const random = new Random({ fill: (bytes) => randomFillSync(bytes), seed: readKernel })

/**
 * `count` fresh random bytes for keys and callers.
 *
 * @throws {@link HsmError} INTERNAL once a health test has failed.
 */
export function randomBytes(count: number): Uint8Array {
  return random.bytes(count)
}

/**
 * `count` fresh random bytes for what is needed often and lies beside its key anyway: IVs, salts.
 *
 * @throws {@link HsmError} INTERNAL once a health test has failed.
 */
export function pooledRandomBytes(count: number): Uint8Array {
  return random.pooled(count)
}
