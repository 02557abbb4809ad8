/** An approver at the command line: what he is shown, what he signs, and the way over a file. */

import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { verify } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import { canonical } from "../../src/codec/canonical.ts"
import { describeStatement } from "../../src/cli/statement.ts"
import { newApprover, statementFor } from "../support/approvers.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import type { Fields } from "../support/rest-client.ts"
import { run } from "./fixture.ts"

let node: DevNode
let folder: string
const anna = newApprover("Anna")
const bo = newApprover("Bo")
let count = 0

/** A request for a signature under a key that Anna and Bo guard, through the command line. */
async function ask(quorum = 1): Promise<string> {
  const { name, file } = await newKey(quorum)
  const made = await cli("sign", "--key", name, "--request", "Invoice 4711", file)
  return String(made["id"])
}

async function newKey(quorum: number): Promise<{ name: string; file: string }> {
  const name = `key-${count++}`
  const rules = join(folder, `${name}.json`)
  const approvers = ["anna", "bo"].map((who) => ({ name: who, file: `${who}.pem` }))
  const token = { name: "t", groups: [{ name: "g", quorum, approvers }] }
  writeFileSync(rules, JSON.stringify({ use: { tokens: [token] } }))
  await cli("key", "create", name, "--algorithm", "EC_P256", "--rules", rules)
  const file = join(folder, "invoice.txt")
  writeFileSync(file, "pay 100 to Dora")
  return { name, file }
}

async function cli(...args: string[]): Promise<Fields> {
  const { code, text, stderr } = await run([...args, "--json"], around())
  assert.equal(code, 0, stderr)
  return JSON.parse(text) as Fields // These commands print objects.
}

const around = () => ({ variables: { KEYHOLD_DATA: join(node.dev.caFile, "..") } })
const keyFile = (who: string) => join(folder, `${who}.key`)

suite("keyhold approve", () => {
  before(async () => {
    node = await startDevNode()
    folder = mkdtempSync(join(tmpdir(), "keyhold-approve-"))
    for (const [who, { privateKey, publicKey }] of Object.entries({ anna, bo })) {
      writeFileSync(keyFile(who), privateKey.export({ format: "pem", type: "pkcs8" }))
      const pem = Buffer.from(publicKey).toString("base64")
      const text = `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----\n`
      writeFileSync(join(folder, `${who}.pem`), text)
    }
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    await node.stop()
  })

  test("shows what is signed, signs it, and the result is for who asked", approveOnline)

  test(
    "over a file, with a key that has a passphrase, on a machine without the node",
    approveOffline,
  )

  test("a call brings the approvals of a stamped file, once", callWithApprovals)

  test("rejects, stops and cancels", sayNo)

  test("does not sign what nobody has read", refuseUnread)

  test("a command refused for approvals says what to do", beRefused)

  test("watching shows requests as they change", watch)
})

test("a statement that is altered is shown as what it is, one that is none is refused", () => {
  const head = ["r", "p", "key.sign", "m", "k", "n", 1, "f", "h", Uint8Array.of(1), 0, 1] as const
  const message = Buffer.from("pay \u0000\u202e 900")
  const statement = canonical("approval", "c", ...head, "message", message)
  const shown = describeStatement(statement)
  assert.deepEqual(shown.at(-1), ["message", `${message.length} bytes, ${message.toHex()}`])
  assert.deepEqual(shown[12], ["asked at", "1970-01-01T00:00:00.000Z"])
  assert.throws(() => describeStatement(statementFor("rejection", statement)), /no statement/)
  const call = describeStatement(canonical("call", "c", ...head, "message", message))
  assert.match(call[0]?.[1] ?? "", /brings your approval along/)
  assert.throws(() => describeStatement(canonical("constructor", "c", ...head)), /no statement/)
  assert.throws(() => describeStatement(statement.subarray(1)), /no statement/)
  assert.throws(() => describeStatement(canonical("approval", "c", "r")), /no statement/)
})

async function approveOnline(): Promise<void> {
  const id = await ask()
  const ran = await run(["approve", id, "--key-file", keyFile("anna"), "--yes"], around())
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, /operation: key\.sign\n {2}mechanism: ECDSA_SHA_256\n/)
  assert.match(ran.stderr, /message: 15 bytes, the text "pay 100 to Dora"\n/)
  assert.match(ran.text, /state +executed/)
  const listed = await run(["request", "list", "--state", "executed"], around())
  assert.match(listed.text, new RegExp(id))
  const { stdout } = await run(["request", "result", id], around())
  const key = (await cli("request", "show", id))["key"] as Fields
  const { pem } = await node.client.call<{ pem: string }>(
    node.token("user"),
    `GET /keys/${String(key["id"])}/public`,
  )
  assert.ok(verify("sha256", Buffer.from("pay 100 to Dora"), pem, stdout))
}

async function approveOffline(): Promise<void> {
  const id = await ask()
  const [saved, word] = [join(folder, "pay.request"), join(folder, "pay.word")]
  const encrypted = join(folder, "bo-encrypted.key")
  const password = join(folder, "password")
  writeFileSync(password, "correct horse\n", { mode: 0o600 })
  const cipher = ["pkcs8", "-topk8", "-in", keyFile("bo"), "-out", encrypted]
  execFileSync("openssl", [...cipher, "-passout", `file:${password}`])
  assert.equal((await run(["request", "save", id, saved], around())).code, 0)
  const offline = ["--key-file", encrypted, "--password-file", password, "--output", word]
  const signed = await run(["approve", saved, ...offline, "--yes"], { variables: {} })
  assert.equal(signed.code, 0, signed.stderr)
  assert.equal((await cli("request", "submit", word))["state"], "executed")
  writeFileSync(password, "wrong horse\n")
  const refused = await run(["approve", saved, ...offline, "--yes"], { variables: {} })
  assert.match(refused.stderr, /no private key in PEM, or the passphrase is another/)
}

async function callWithApprovals(): Promise<void> {
  const { name, file } = await newKey(2)
  const [call, annas, bos] = ["pay.call", "anna.word", "bo.word"].map((one) => join(folder, one))
  assert.ok(call !== undefined && annas !== undefined && bos !== undefined)
  const stamped = await run(["sign", "--key", name, "--stamp", call, file], around())
  assert.equal(stamped.code, 0, stamped.stderr)
  assert.equal(stamped.text, "")
  for (const [who, word] of [
    ["anna", annas],
    ["bo", bos],
  ] as const) {
    const offline = ["--key-file", keyFile(who), "--output", word, "--yes"]
    const ran = await run(["approve", call, ...offline], { variables: {} })
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(ran.stderr, /kind: a call that brings your approval along, once/)
    assert.match(ran.stderr, /message: 15 bytes, the text "pay 100 to Dora"\n/)
  }
  const few = await run(["call", call, "--approval", annas], around())
  assert.match(few.stderr, /APPROVAL_REQUIRED/)
  const rejecting = ["request", "reject", call, "--key-file", keyFile("bo"), "--yes"]
  assert.match((await run(rejecting, { variables: {} })).stderr, /no statement of a request/)
  const done = await run(["call", call, "--approval", annas, "--approval", bos], around())
  assert.equal(done.code, 0, done.stderr)
  const { pem } = await node.client.call<{ pem: string }>(
    node.token("user"),
    `GET /keys/${name}/public`,
  )
  assert.ok(verify("sha256", Buffer.from("pay 100 to Dora"), pem, done.stdout))
  const again = await run(["call", call, "--approval", annas, "--approval", bos], around())
  assert.match(again.stderr, /have been used/)
  const other = await run(["call", call, "--approval", call], around())
  assert.equal(other.code, 2)
}

async function sayNo(): Promise<void> {
  const first = await ask()
  const reject = (id: string, who: string) =>
    cli("request", "reject", id, "--key-file", keyFile(who), "--yes")
  assert.equal((await reject(first, "anna"))["state"], "pending")
  assert.equal((await reject(first, "bo"))["state"], "rejected")
  const stop = await cli("request", "stop", await ask(), "--key-file", keyFile("bo"), "--yes")
  assert.equal(stop["state"], "cancelled")
  assert.equal((await cli("request", "cancel", await ask()))["state"], "cancelled")
}

async function refuseUnread(): Promise<void> {
  const id = await ask()
  const ran = await run(["approve", id, "--key-file", keyFile("anna")], around())
  assert.equal(ran.code, 2)
  assert.match(ran.stderr, /nobody is there to read this/)
  const asked = { ...around(), terminal: true }
  const no = await run(["approve", id, "--key-file", keyFile("anna")], {
    ...asked,
    stdin: "no\n",
  })
  assert.match(no.stderr, /nothing was signed/)
  const yes = await run(["approve", id, "--key-file", keyFile("anna")], {
    ...asked,
    stdin: "yes\n",
  })
  assert.equal(yes.code, 0, yes.stderr)
}

async function beRefused(): Promise<void> {
  const id = await ask()
  const key = (await cli("request", "show", id))["key"] as Fields
  const file = join(folder, "invoice.txt")
  const ran = await run(["sign", "--key", String(key["name"]), file, "--base64"], around())
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /1 of g \(APPROVAL_REQUIRED, rule approvals/)
  assert.match(ran.stderr, /keyhold request --help/)
}

async function watch(): Promise<void> {
  const id = await ask()
  const ran = await run(["request", "watch", "--seconds", "0"], around())
  assert.match(ran.text, new RegExp(`${id} {2}pending {2}key.sign`))
  const json = await run(["request", "watch", "--seconds", "0", "--json"], around())
  assert.ok(json.text.split("\n").some((line) => line.includes(`"id":"${id}"`)))
}
