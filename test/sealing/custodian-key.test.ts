import assert from "node:assert/strict"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import {
  createCustodianKey,
  custodianPattern,
  openCustodianKey,
  readCustodianText,
  writeCustodianText,
} from "../../src/sealing/custodian-key.ts"
import { seededRandom } from "./ceremony-fixture.ts"

const password = (text: string) => new SecretBytes(new TextEncoder().encode(text))
const correct = "correct horse battery"
const made = await createCustodianKey(seededRandom("custodian"), password(correct))

test("a custodian's key file opens with its password, and matches the public text", async () => {
  const key = await openCustodianKey(made.file, password(correct))
  const publicKey = readCustodianText(made.publicText)
  assert(publicKey)
  assert.deepEqual(new Uint8Array(key.publicKey), new Uint8Array(publicKey))
  assert.equal(custodianPattern(publicKey), made.pattern)
  assert.equal(writeCustodianText(publicKey), made.publicText)
})

test("a wrong password and a changed file give the same refusal", async () => {
  const stored = JSON.parse(made.file) as Record<string, string>
  const change = (name: string) => {
    const bytes = Uint8Array.fromBase64(stored[name] ?? "")
    return JSON.stringify({ ...stored, [name]: flipBit(bytes, 0).toBase64() })
  }
  const refusals = [openCustodianKey(made.file, password(`${correct}!`))]
  for (const name of ["publicKey", "salt", "iv", "sealed"]) {
    refusals.push(openCustodianKey(change(name), password(correct)))
  }
  const settled = await Promise.allSettled(refusals)
  const reasons = settled.map((result) => (result.status === "rejected" ? `${result.reason}` : ""))
  assert.match(reasons[0] ?? "", /password is wrong, or the custodian's key file was changed/)
  assert.deepEqual(
    reasons,
    reasons.map(() => reasons[0]),
  )
})

test("a short password is refused", async () => {
  const short = createCustodianKey(seededRandom("short"), password("eleven char"))
  await assert.rejects(short, { code: "MALFORMED_REQUEST", message: /fewer than 12/ })
})

test("a public text with any character changed, missing or added is not read", () => {
  const { publicText } = made
  for (let at = 0; at < publicText.length; at += 13) {
    const other = publicText[at] === "A" ? "B" : "A"
    const changed = publicText.slice(0, at) + other + publicText.slice(at + 1)
    assert.equal(readCustodianText(changed), undefined, `character ${at}`)
  }
  for (const text of [
    publicText.slice(0, -1),
    `${publicText}A`,
    ` ${publicText}`,
    "",
    "khcust1_",
  ]) {
    assert.equal(readCustodianText(text), undefined)
  }
})
