/**
 * The two continuous health tests of SP 800-90B section 4.4, over bytes.
 *
 * What they can say is limited by what they see: neither the kernel nor OpenSSL hands out raw
 * noise, only conditioned output, which is claimed to carry 8 bits per byte. On such output the
 * tests catch a source that is stuck, repeats, or is grossly biased (a broken kernel interface, a
 * stubbed generator, a failed read), not one with little entropy behind a good generator.
 */

/**
 * False alarms: 2^-64 per byte, not the 2^-20 to 2^-40 that the standard proposes for slow noise
 * sources. All output is tested here, megabytes per second for years, and an alarm stops the node.
 */
const falseAlarmBits = 64
const bitsPerByte = 8
/** SP 800-90B section 4.4.1: C = 1 + ceil(-log2(alpha) / H). */
export const repetitionCutoff = 1 + falseAlarmBits / bitsPerByte
/** SP 800-90B section 4.4.2: samples that are not binary are taken 512 at a time. */
export const proportionWindow = 512
/** 1 + CRITBINOM(511, 2^-8, 1 - 2^-64): how often a window may hold its first byte. */
export const proportionCutoff = 27

/** State of both tests over one source; remembers the first alarm for good. */
export class EntropyHealth {
  #last = -1
  #repeats = 0
  #sample = -1
  #seen = 0
  #equal = 0
  #alarm: "repetition count" | "adaptive proportion" | undefined

  /** The test that failed, once one has. */
  get alarm(): "repetition count" | "adaptive proportion" | undefined {
    return this.#alarm
  }

  /** Takes the source's next bytes into both tests. */
  feed(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#countRepetition(byte)
      this.#countProportion(byte)
    }
  }

  #countRepetition(byte: number): void {
    this.#repeats = byte === this.#last ? this.#repeats + 1 : 1
    this.#last = byte
    if (this.#repeats >= repetitionCutoff) this.#alarm ??= "repetition count"
  }

  #countProportion(byte: number): void {
    if (this.#seen === 0) {
      this.#sample = byte
      this.#equal = 0
    }
    if (byte === this.#sample) this.#equal++
    if (this.#equal >= proportionCutoff) this.#alarm ??= "adaptive proportion"
    this.#seen = (this.#seen + 1) % proportionWindow
  }
}
