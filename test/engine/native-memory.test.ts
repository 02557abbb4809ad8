/** What the addon takes it gives back: long loops, each in a process of its own, do not grow it. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { test } from "node:test"
import { path, skip } from "./native.ts"

const times = process.env["KEYHOLD_LONG"] === "1" ? 10 : 1
/** A key's context alone is larger than this over so many rounds. */
const growthBytesMax = 12 * 1024 * 1024

/** Loops, each a round of one call, and how many rounds of it count. */
const loops: Record<string, readonly [string, number]> = {
  "seals and opens": ["addon.open(aes, nonce, none, addon.seal(aes, nonce, none, text))", 200_000],
  "failed opens": ["addon.open(aes, nonce, none, text)", 200_000],
  "blobs that open or do not": [
    "addon.openBlob(raw, none, 0, none, addon.sealBlobs(raw, none, none, block.subarray(0, 28), " +
      "none, raw, Uint32Array.of(0, 32))); addon.openBlob(raw, none, 0, none, text)",
    100_000,
  ],
  "AES keys": ["addon.seal(addon.aesKey(raw), nonce, none, none)", 50_000],
  "HMAC keys": ["addon.hmac(addon.hmacKey(raw, 'sha256'), text)", 50_000],
  pairs: ["addon.sign(addon.privateKey(pkcs8), ecdsa, raw)", 5_000],
  schemes: [
    "addon.sign(pair, addon.scheme(undefined, 'digest', { digest: 'sha256' }), raw)",
    5_000,
  ],
  "schemes that fail": [
    "attempt(() => addon.scheme('ED25519ph', 'digest', { saltlen: -1 }))",
    50_000,
  ],
  "signatures that fail": ["attempt(() => addon.sign(pair, ecdsa, none))", 50_000],
  "refused pairs": ["attempt(() => addon.privateKey(pkcs8.subarray(1)))", 50_000],
  "signatures on other threads": [
    "await addon.signLater(pair, ecdsa, raw, Uint32Array.of(raw.length))",
    5_000,
  ],
  "chains of hashes": [
    "addon.lmsChain(block, 0, 15); addon.xmssChain(raw, raw, raw, 0, 2)",
    50_000,
  ],
  "one-time keys": ["addon.lmsKey(block.subarray(0, 20), raw, 67, 15)", 5_000],
  "pairs of nodes": ["addon.xmssPair(raw, raw, text)", 50_000],
  "verified signatures": ["addon.verify(pair, ecdsa, raw, text)", 20_000],
}

for (const [what, [call, rounds]] of Object.entries(loops)) {
  test(`${rounds * times} ${what} leave the process no larger`, { skip }, () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
    const der = privateKey.export({ format: "der", type: "pkcs8" }).toHex()
    const program = `
      const module = { exports: {} }
      process.dlopen(module, ${JSON.stringify(path)})
      const addon = module.exports
      const lengths = [32, 24, 0, 64, 55]
      const [raw, nonce, none, text, block] = lengths.map((length) => new Uint8Array(length))
      const pkcs8 = Buffer.from("${der}", "hex")
      const [aes, pair] = [addon.aesKey(raw), addon.privateKey(pkcs8)]
      const ecdsa = addon.scheme(undefined, "digest", { digest: "sha256" })
      const attempt = (call) => { try { call() } catch (error) { return error.code } }
      async function run(rounds) {
        for (let at = 0; at < rounds; at++) {
          ${call}
          // Finalizers run between tasks.
          if (at % 500 === 0) await new Promise(setImmediate)
        }
        for (let at = 0; at < 3; at++) {
          gc()
          await new Promise(setImmediate)
        }
        return process.memoryUsage.rss()
      }
      // A leak shows in every stretch; a heap that V8 has just enlarged in one.
      const sizes = [await run(${rounds})]
      for (let at = 0; at < 3; at++) sizes.push(await run(${rounds * times}))
      const grown = sizes.slice(1).map((size, at) => size - sizes[at])
      process.stdout.write(String(Math.min(...grown)))`
    const args = ["--expose-gc", "--input-type=module", "-e", program]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
    assert.match(stdout, /^-?\d+$/, stderr)
    assert.ok(Number(stdout) < growthBytesMax, `${stdout} bytes more`)
  })
}
