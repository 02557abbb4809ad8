/** `keyhold decrypt --offline`: what a node encrypted opens without it, with an exported key. */

import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { decodeBase64 } from "../../src/codec/base64.ts"
import { encodeEncryptionContext } from "../../src/codec/encryption-context.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { run, type Ran, type RunOptions } from "./fixture.ts"

const folder = mkdtempSync(join(tmpdir(), "keyhold-offline-"))
const path = (name: string): string => join(folder, name)
const content = randomBytes(200_000)
const short = Buffer.from("a short message")
const context = { purpose: "invoices", tenant: "42" }
let cluster: string

/** Asks the node, while there is one. */
async function keyhold(line: string, options: RunOptions = {}): Promise<Buffer> {
  const ran = await run(line.split(" "), { ...options, variables: { KEYHOLD_DATA: folder } })
  assert.equal(ran.code, 0, `${line}: ${ran.stderr}`)
  return ran.stdout
}

/** What it answers, in a file. */
async function keep(name: string, line: string, options?: RunOptions): Promise<void> {
  writeFileSync(path(name), await keyhold(line, options))
}

/** Everything is made while there is a node; each test then runs without one. */
before(async () => {
  await using node = stopping(await startDevNode())
  writeFileSync(path("dev.json"), JSON.stringify(node.dev))
  writeFileSync(path("content"), content)
  await keyhold("partition set --flag plainExport=on")
  const leaves = "--extractable --not-sensitive"
  for (const name of ["orders", "other"]) {
    await keyhold(`key create ${name} --algorithm AES_256 ${leaves}`)
    await keep(`${name}.key`, `key export ${name}`)
  }
  const pair = "--algorithm RSA_2048 --usage encrypt --usage decrypt"
  await keyhold(`key create letters ${pair} ${leaves}`)
  await keep("letters.key", "key export letters")
  await keep("file.kh", `encrypt --key orders --aad 4711 ${path("content")}`)
  for (const mechanism of ["XAES_256_GCM", "AES_GCM", "AES_GCM_SIV", "AES_CBC_PAD"]) {
    await keep(mechanism, `encrypt --key orders --raw --mechanism ${mechanism}`, { stdin: short })
  }
  await keep("letter", "encrypt --key letters --raw", { stdin: short })
  const { text } = await node.send("user", "POST", "keys/orders/encrypt", {
    plaintext: short.toString("base64"),
    aad: Buffer.from(encodeEncryptionContext(context)).toString("base64"),
  })
  writeFileSync(
    path("bound"),
    decodeBase64((JSON.parse(text) as { ciphertext: string }).ciphertext, ""),
  )
  cluster = (JSON.parse((await keyhold("status --json")).toString()) as { clusterId: string })
    .clusterId
})
after(() => rmSync(folder, { recursive: true }))

/** The node, which goes whatever happens. */
function stopping(node: DevNode): DevNode & AsyncDisposable {
  return { ...node, [Symbol.asyncDispose]: () => node.stop() }
}

/** Opens a file of {@link before}'s, with no way to any node. */
async function offline(file: string, more: string, key = "orders"): Promise<Ran> {
  const line = `decrypt ${path(file)} --offline --key-file ${path(`${key}.key`)} ${more}`
  return await run(line.trim().split(" "))
}

test("a file of any length opens with the exported key and the cluster's id alone", async () => {
  const opened = await offline("file.kh", `--aad 4711 --cluster ${cluster}`)
  assert.equal(opened.code, 0, opened.stderr)
  assert.deepEqual(opened.stdout, content)
})

test("single ciphertexts open, by every kind of mechanism", async () => {
  for (const mechanism of ["XAES_256_GCM", "AES_GCM", "AES_GCM_SIV", "AES_CBC_PAD"]) {
    const opened = await offline(mechanism, `--cluster ${cluster}`)
    assert.deepEqual([opened.code, opened.stdout], [0, short], `${mechanism}: ${opened.stderr}`)
  }
  const letter = await offline("letter", "", "letters")
  assert.deepEqual([letter.code, letter.stdout], [0, short], letter.stderr)
})

test("what AWS's dialect bound to an encryption context opens under that one alone", async () => {
  const at = `--cluster ${cluster} --encryption-context purpose=invoices --encryption-context`
  const opened = await offline("bound", `${at} tenant=42`)
  assert.deepEqual([opened.code, opened.stdout], [0, short], opened.stderr)
  const other = await offline("bound", `${at} tenant=43`)
  assert.equal(other.code, 1)
  assert.match(other.stderr, /it does not open/)
})

test("another key, cluster or additional data, and a flipped bit, do not open", async () => {
  const flipped = readFileSync(path("XAES_256_GCM"))
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
  writeFileSync(path("flipped"), flipped)
  const at = `--cluster ${cluster}`
  const wrong = {
    key: await offline("XAES_256_GCM", at, "other"),
    cluster: await offline(
      "XAES_256_GCM",
      at.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    ),
    aad: await offline("file.kh", `--aad 4712 ${at}`),
    "no aad": await offline("file.kh", at),
    bit: await offline("flipped", at),
  }
  for (const [what, { code, stdout, stderr }] of Object.entries(wrong)) {
    assert.deepEqual([code, stdout.length], [1, 0], what)
    assert.match(stderr, /it does not open/, what)
  }
})

test("what is no key for it, and what is missing or too much, is said", async () => {
  const unfit = await offline("XAES_256_GCM", `--cluster ${cluster}`, "letters")
  assert.deepEqual([unfit.code, /holds no key that could open/.test(unfit.stderr)], [1, true])
  const nameless = await offline("XAES_256_GCM", "")
  assert.deepEqual([nameless.code, /--cluster is missing/.test(nameless.stderr)], [2, true])
  const foreign = await offline("content", `--cluster ${cluster}`)
  assert.equal(foreign.code, 2)
  for (const more of ["--key orders", "--iv AAAA", "--mechanism AES_GCM", "--stamp x", "--aad x"]) {
    const context = more === "--aad x" ? " --encryption-context a=b" : ""
    assert.equal((await offline("file.kh", `${more}${context}`)).code, 2, more)
  }
  const online = await run(["decrypt", path("file.kh"), "--cluster", cluster])
  assert.match(online.stderr, /cluster goes with --offline/)
})
