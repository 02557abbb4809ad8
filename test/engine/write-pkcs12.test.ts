/** Key files for approvers: as OpenSSL and our own reader find them, and what they refuse. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { generateMaterial } from "../../src/engine/generate.ts"
import { openPkcs12 } from "../../src/engine/pkcs12.ts"
import { keyFileSecrets, writePkcs12 } from "../../src/engine/write-pkcs12.ts"
import { flipBit } from "../support/flip-bit.ts"

const folder = mkdtempSync(join(tmpdir(), "keyhold-p12-"))
after(() => rmSync(folder, { recursive: true }))

/** Beyond ASCII: PBKDF2 takes a password in UTF-8, the MAC takes it in UTF-16. */
const password = "Zürich-8000-größer"

async function newFile() {
  const { material, publicKey } = await generateMaterial("RSA_2048")
  assert.ok(publicKey !== undefined)
  const secrets = await keyFileSecrets(password)
  const name = "anna@example.com"
  // A reader takes what stands in the place of the certificate as it is.
  const file = writePkcs12(secrets, { key: material, certificate: publicKey, name })
  return { secrets, material, file: file.lend((bytes) => Buffer.from(bytes)) }
}

test("OpenSSL shows what a file is protected by, and our reader gets the very key", async () => {
  const { file, material } = await newFile()
  writeFileSync(join(folder, "a.p12"), file)
  const args = ["pkcs12", "-in", "a.p12", "-passin", `pass:${password}`, "-noout", "-info"]
  const { stderr, status } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" })
  assert.equal(status, 0, stderr)
  const iterations = limits.keyFileIterations
  assert.match(stderr, new RegExp(`MAC: sha256, Iteration ${iterations}`))
  const scheme = `PBES2, PBKDF2, AES-256-CBC, Iteration ${iterations}, PRF hmacWithSHA256`
  assert.ok(stderr.includes(scheme), stderr)
  using opened = await openPkcs12(file, password)
  const same = opened.lend((one) => material.lend((other) => Buffer.compare(one, other)))
  assert.equal(same, 0)
})

test("a file opens under no other password, and not with one bit changed", async () => {
  const { file } = await newFile()
  await assert.rejects(openPkcs12(file, `${password} `))
  for (const at of [40, Math.floor(file.length / 2), file.length - 40]) {
    await assert.rejects(openPkcs12(flipBit(file, at), password))
  }
})

test("two files under one password have no salt and no key in common", async () => {
  const [one, other] = [await keyFileSecrets(password), await keyFileSecrets(password)]
  for (const name of ["salt", "cipherKey", "macSalt", "macKey"] as const) {
    assert.notDeepEqual(Buffer.from(one[name]), Buffer.from(other[name]))
  }
})
