/**
 * Signs a file with a key of the HSM and lets the OpenSSL command line verify it.
 *
 *     node tools/run.mjs examples/sign-file/main.ts [file]
 */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Keyhold, KeyholdError } from "@keyhold/sdk"

const key = "release-signing"

const path = process.argv[2] ?? join(import.meta.dirname, "../../package-lock.json")
const work = await mkdtemp(join(tmpdir(), "keyhold-sign-"))
const kh = Keyhold.fromEnvironment()
try {
  await makeKey()
  const message = await readFile(path)
  const signature = await kh.sign(key, message)
  const { pem } = await kh.keys.publicKey(key)

  // Whoever verifies needs three files and no Keyhold.
  const files = { message: join(work, "m"), signature: join(work, "sig"), key: join(work, "pem") }
  await writeFile(files.signature, signature)
  await writeFile(files.key, pem)
  await writeFile(files.message, message)
  assert.equal(openssl(files), "Verified OK")

  await writeFile(files.message, Buffer.concat([message, Buffer.from(" ")]))
  assert.equal(openssl(files), "Verification failure")
  console.log(`${path}: OpenSSL verifies the signature, and refuses it for another content`)
} finally {
  kh.close()
  await rm(work, { recursive: true })
}

/** Makes the key unless an earlier run has. */
async function makeKey(): Promise<void> {
  try {
    await kh.keys.create({ name: key, algorithm: "EC_P256" })
  } catch (error) {
    if (!(error instanceof KeyholdError && error.code === "NAME_TAKEN")) throw error
  }
}

function openssl(files: Readonly<Record<"message" | "signature" | "key", string>>): string {
  const { error, stdout } = spawnSync(
    "openssl",
    ["dgst", "-sha256", "-verify", files.key, "-signature", files.signature, files.message],
    { encoding: "utf8" },
  )
  if (error !== undefined) throw error
  return stdout.trim()
}
