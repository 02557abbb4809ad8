/** RFC 3161 timestamps in the TSB dialect; OpenSSL verifies them. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { renderPem } from "../../../src/codec/pem.ts"
import { storeCertificate } from "../../../src/service/certificates.ts"
import { createKey } from "../../../src/service/create-key.ts"
import { selfSign } from "../../../src/service/issue-certificate.ts"
import { updatePartition } from "../../../src/service/partition.ts"
import { file, message, messageFile, run, skip } from "../../engine/openssl.ts"
import { contextOf } from "../../support/stack.ts"
import { b64, tsbFace, type TsbFace } from "../../support/tsb-face.ts"

let on: TsbFace
let trusted = ""
const route = "POST /createRfcTimestamp"
const payload = b64(message)

before(async () => {
  on = await tsbFace()
})
after(() => on.stop())

const officer = () => contextOf("officer", on.partition)
const name = async (key: string | undefined, more: object = {}) =>
  await updatePartition(on.stack.ports, officer(), { timestamps: { key, ...more } })

async function newTimestamper(key: string): Promise<void> {
  const { ports } = on.stack
  const manager = contextOf("manager", on.partition)
  const profile = { extendedKeyUsage: ["timeStamping"] } as const
  const { chain } = await selfSign(ports, manager, { key, subject: `CN=${key}`, ...profile })
  await storeCertificate(ports, manager, { key, chain })
  trusted = file(`${key}.pem`, Buffer.from(renderPem("CERTIFICATE", chain[0] ?? new Uint8Array())))
}

function opens(timestamp: unknown, of: string = messageFile): boolean {
  const token = file("token", Buffer.from(String(timestamp), "base64"))
  const now = ["-attime", String(Math.ceil(on.stack.clock.now() / 1_000))]
  const how = ["-token_in", "-in", token, "-data", of, "-CAfile", trusted, ...now]
  return run(["ts", "-verify", ...how]).ok
}

test("until the partition names a key with a certificate, there are none", async () => {
  assert.equal(await on.fault(route, { payload }), "501 611")
  const manager = contextOf("manager", on.partition)
  await createKey(on.stack.ports, manager, { name: "tsa", algorithm: "EC_P256" })
  await name("tsa")
  assert.equal(await on.fault(route, { payload }), "501 611")
  await newTimestamper("tsa")
  await on.ok(route, { payload })
  await name(undefined)
  assert.equal(await on.fault(route, { payload }), "501 611")
  await name("tsa")
})

test("a payload's timestamp verifies there, another payload's does not", { skip }, async () => {
  const other = file("other", Buffer.from("other"))
  for (const hashAlgorithm of ["SHA256", "SHA-384", "SHA3-512", null]) {
    const { timestamp } = await on.ok(route, { payload, hashAlgorithm })
    assert.ok(opens(timestamp), String(hashAlgorithm))
    assert.ok(!opens(timestamp, other))
  }
})

test("what an officer says of timestamps stands in them", { skip }, async () => {
  await name("tsa", { policy: "1.3.6.1.4.1.99999.1", accuracyMs: 1_250 })
  const { timestamp } = await on.ok(route, { payload })
  const token = file("said", Buffer.from(String(timestamp), "base64"))
  const { stdout } = run(["ts", "-reply", "-token_in", "-in", token, "-token_out", "-text"])
  const text = Buffer.from(stdout).toString()
  assert.match(text, /Policy OID: 1\.3\.6\.1\.4\.1\.99999\.1\n/)
  assert.match(text, /Accuracy: 0x01 seconds, 0xFA millis, unspecified micros/)
  assert.ok(opens(timestamp))
  await name("tsa", { accuracyMs: 500 })
  const half = file(
    "half",
    Buffer.from(String((await on.ok(route, { payload }))["timestamp"]), "base64"),
  )
  const said = run(["ts", "-reply", "-token_in", "-in", half, "-token_out", "-text"]).stdout
  assert.match(Buffer.from(said).toString(), /unspecified seconds, 0x01F4 millis/)
})

test("other hashes, other roles and what is no payload are refused", async () => {
  await name("tsa")
  for (const hashAlgorithm of ["SHA1", "SHA-224", "MD5", ""]) {
    assert.equal(await on.fault(route, { payload, hashAlgorithm }), "400 607", hashAlgorithm)
  }
  assert.equal(await on.fault(route, { payload: "!" }), "400 600")
  assert.equal(await on.fault(route, {}), "400 600")
  for (const role of ["manager", "approver", "auditor", "officer"] as const) {
    assert.equal(await on.fault(route, { payload }, { roles: [role] }), "403 400", role)
  }
  assert.equal(await on.fault(route, { payload }, { partition: on.other }), "501 611")
})

test("an officer names no key that is not there, or makes no timestamps", async () => {
  await assert.rejects(name("nothing"), { code: "KEY_NOT_FOUND" })
  const manager = contextOf("manager", on.partition)
  await createKey(on.stack.ports, manager, { name: "cipher", algorithm: "AES_256" })
  await assert.rejects(name("cipher"), { code: "OPERATION_FORBIDDEN" })
  const asManager = updatePartition(on.stack.ports, manager, { timestamps: {} })
  await assert.rejects(asManager, { code: "OPERATION_FORBIDDEN" })
})
