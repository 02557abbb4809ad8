/** PKCS#12, as openssl writes it; RFC 7292. */

import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { createPublicKey } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, saying, type Answer } from "../support/rest-client.ts"

const passphrase = "correct hörse battery staple"
const directory = mkdtempSync(join(tmpdir(), "keyhold-pkcs12-"))
const [keyFile, certificateFile] = [join(directory, "key.pem"), join(directory, "cert.pem")]

let node: DevNode
let spki: string
let count = 0

before(async () => {
  const named = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=legacy"]
  openssl("req", "-x509", ...named, "-noenc", "-keyout", keyFile, "-out", certificateFile)
  const pem = openssl("pkey", "-in", keyFile, "-pubout")
  spki = base64(createPublicKey(pem).export({ format: "der", type: "spki" }))
  node = await startDevNode()
  const flags = { keyImport: true }
  assert.equal((await node.send("officer", "PATCH", "partition", { flags })).status, 200)
})
after(async () => {
  await node.stop()
  rmSync(directory, { recursive: true })
})

function openssl(...args: readonly string[]): Buffer {
  return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] })
}

function packed(...options: readonly string[]): Buffer {
  const under = ["-inkey", keyFile, "-passout", `pass:${passphrase}`]
  return openssl("pkcs12", "-export", ...under, "-in", certificateFile, ...options)
}

function bring(material: Uint8Array, word = passphrase): Promise<Answer> {
  return node.send("manager", "POST", "keys/import", {
    name: `packed-${count++}`,
    algorithm: "EC_P256",
    format: "pkcs12",
    material: base64(material),
    passphrase: word,
  })
}

const kinds = [
  [],
  ["-macalg", "sha1", "-keypbe", "AES-128-CBC"],
  ["-macalg", "sha384", "-iter", "10000"],
  ["-macalg", "sha512", "-keypbe", "AES-192-CBC", "-nocerts"],
]

for (const options of kinds) {
  test(`openssl pkcs12 -export ${options.join(" ")}: the key comes in`, async () => {
    const made = await bring(packed(...options))
    assert.equal(made.status, 201, made.text)
    const path = `keys/${String(fields(made)["id"])}/public`
    assert.equal(fields(await node.send("user", "GET", path))["publicKey"], spki)
  })
}

test("a wrong passphrase and a file that was touched have one answer", async () => {
  const good = packed()
  const answers = await Promise.all([
    bring(good, "another"),
    bring(good, ""),
    bring(good.subarray(0, -1)),
    ...[100, 300, -30].map((at) => bring(flipBit(good, at))),
    bring(flipBit(good, -60)),
    bring(Buffer.concat([good, Buffer.of(0)])),
  ])
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([400]))
  // The last two are told what they are: a file with another MAC, and with something behind it.
  const alike = answers.slice(0, -2).map(saying)
  assert.equal(new Set(alike).size, 1, alike.join("\n"))
})

test("what nobody vouches for, old ciphers and files without a key are refused", async () => {
  const refusals = [
    [packed("-nomac"), /without a MAC/],
    [packed("-keypbe", "PBE-SHA1-3DES"), /PBES2/],
    [packed("-nokeys"), /of no key/],
    [manyIterations(packed("-iter", "70000")), /too many iterations/],
  ] as const
  for (const [file, reason] of refusals) {
    const answer = await bring(file)
    assert.equal(answer.status, 400)
    assert.match(answer.text, reason)
  }
})

/** The MAC's, which are the last integer of the file. */
function manyIterations(file: Buffer): Buffer {
  const at = file.lastIndexOf(Buffer.from("0203011170", "hex"))
  assert.ok(at > 0)
  const copy = Buffer.from(file)
  copy.set([0x7f, 0xff, 0xff], at + 2)
  return copy
}
