/** Timestamps by keys, with OpenSSL on the other side. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { after, suite, test } from "node:test"

import { writeDerObjectId } from "../../src/codec/der.ts"
import { renderPem } from "../../src/codec/pem.ts"
import {
  parseTimestampQuery,
  timestampQuery,
  type TimestampHash,
  type TimestampQuery,
} from "../../src/codec/timestamp-query.ts"
import { grantedResponse, refusedResponse } from "../../src/codec/timestamp-token.ts"
import type { KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import type { CertificateProfile } from "../../src/domain/certificate.ts"
import { dayMs } from "../../src/domain/limits.ts"
import { nodeClockPolicy, timestampKeys } from "../../src/domain/timestamp.ts"
import { usualMechanism } from "../../src/engine/certificates/identifiers.ts"
import { storeCertificate } from "../../src/service/certificates.ts"
import { createKey } from "../../src/service/create-key.ts"
import {
  issueCertificate,
  requestCertificate,
  selfSign,
} from "../../src/service/issue-certificate.ts"
import { isRequestable } from "../../src/service/requestable.ts"
import { disableKey } from "../../src/service/update-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { timestamp } from "../../src/service/timestamp.ts"
import { file, message, messageFile, run, skip } from "../engine/openssl.ts"
import { quorumOf } from "../support/approvers.ts"
import { flipBit } from "../support/flip-bit.ts"
import { requestFixture } from "./request-fixture.ts"
import { contextOf, memoryStack, newPartition } from "../support/stack.ts"

const { stack, as } = await memoryStack()
const { ports, audit, clock } = stack
const [manager, user] = [as("manager"), as("user")]
after(() => stack.cluster.remove())

let count = 0
const forTimestamps = { extendedKeyUsage: ["timeStamping"] } as const

async function newKey(algorithm: KeyAlgorithmId): Promise<string> {
  const name = `tsa-${count++}`
  await createKey(ports, manager, { name, algorithm })
  return name
}

/** A key with a certificate that it signed for itself. */
async function newTimestamper(
  algorithm: KeyAlgorithmId,
  profile: CertificateProfile & { readonly lifeMs?: number } = forTimestamps,
): Promise<{ readonly key: string; readonly trusted: string }> {
  const key = await newKey(algorithm)
  const { chain } = await selfSign(ports, manager, { key, subject: `CN=${key}`, ...profile })
  await storeCertificate(ports, manager, { key, chain })
  return { key, trusted: pemFile(chain[0] ?? assert.fail("a chain has a certificate")) }
}

function pemFile(der: Uint8Array): string {
  return file(`${count++}.pem`, Buffer.from(renderPem("CERTIFICATE", der)))
}

const ofMessage = (hash: TimestampHash, certificates = true): TimestampQuery => {
  const name = hash.toLowerCase().replace(/^sha_/, "sha").replace("_", "-")
  return timestampQuery({
    hash,
    digest: createHash(name).update(message).digest(),
    certificates,
  })
}

async function make(
  key: string,
  query: TimestampQuery = ofMessage("SHA_256"),
): Promise<Uint8Array> {
  return grantedResponse((await timestamp(ports, user, { key, query })).timestamp)
}

/** What OpenSSL says of an answer. */
function verified(
  response: Uint8Array,
  trusted: string,
  of: readonly string[] = ["-data", messageFile],
): { readonly ok: boolean; readonly stderr: string } {
  const time = ["-attime", String(Math.ceil(clock.now() / 1_000))]
  const path = file(`${count++}.tsr`, response)
  return run(["ts", "-verify", "-in", path, "-CAfile", trusted, ...of, ...time])
}

function shown(response: Uint8Array): string {
  const path = file(`${count++}.tsr`, response)
  return Buffer.from(run(["ts", "-reply", "-in", path, "-text"]).stdout).toString()
}

suite("timestamps", { skip }, () => {
  for (const algorithm of ["RSA_3072", "EC_P256", "EC_P384", "EC_P521"] as const) {
    test(`by ${algorithm} verify there, not flipped, not of other data`, async () => {
      const { key, trusted } = await newTimestamper(algorithm)
      const response = await make(key)
      const { ok, stderr } = verified(response, trusted)
      assert.ok(ok, stderr)
      const other = file("other", Buffer.from("something else"))
      assert.ok(!verified(response, trusted, ["-data", other]).ok)
      for (const at of [-9, Math.floor(response.length / 2)]) {
        assert.ok(!verified(flipBit(response, at), trusted).ok)
      }
    })
  }

  for (const hash of ["SHA_384", "SHA_512", "SHA3_256", "SHA3_384", "SHA3_512"] as const) {
    test(`of ${hash} verify there`, async () => {
      const { key, trusted } = await newTimestamper("EC_P256")
      const { ok, stderr } = verified(await make(key, ofMessage(hash)), trusted)
      assert.ok(ok, stderr)
    })
  }
})

suite("what a timestamp says and brings", { skip }, () => {
  test("answer a query of OpenSSL's with its nonce, and not another one", async () => {
    const { key, trusted } = await newTimestamper("EC_P256")
    const [one, other] = ["one.tsq", "other.tsq"].map((name) => {
      const path = file(name, new Uint8Array())
      run(["ts", "-query", "-data", messageFile, "-sha512", "-cert", "-out", path])
      return path
    }) as [string, string]
    const response = await make(key, parseTimestampQuery(readFileSync(one)))
    assert.ok(verified(response, trusted, ["-queryfile", one]).ok)
    const { ok, stderr } = verified(response, trusted, ["-queryfile", other])
    assert.ok(!ok)
    assert.match(stderr, /nonce mismatch/)
  })

  test("bring no certificates unless they are asked for", async () => {
    const { key, trusted } = await newTimestamper("EC_P256")
    const bare = await make(key, ofMessage("SHA_256", false))
    assert.ok(bare.length < (await make(key)).length - 300)
    assert.ok(!verified(bare, trusted).ok)
    assert.ok(verified(bare, trusted, ["-data", messageFile, "-untrusted", trusted]).ok)
  })

  test("by a key that an authority certified verify under the authority", async () => {
    const root = await newKey("EC_P384")
    const authority = { subject: "CN=root", authority: {} }
    const { chain: above } = await selfSign(ports, manager, { key: root, ...authority })
    await storeCertificate(ports, manager, { key: root, chain: above })
    const key = await newKey("EC_P256")
    const subject = "CN=tsa.example"
    const { request } = await requestCertificate(ports, manager, { key, subject, ...forTimestamps })
    const issued = await issueCertificate(ports, user, { key: root, request, ...forTimestamps })
    await storeCertificate(ports, manager, { key, chain: issued.chain })
    const { ok, stderr } = verified(await make(key), pemFile(above[0] ?? new Uint8Array()))
    assert.ok(ok, stderr)
  })

  test("say policy, serial number and time, as the log does", async () => {
    const { key } = await newTimestamper("EC_P256")
    clock.advance(1_250 - (clock.now() % 1_000))
    const query = ofMessage("SHA_256")
    const made = await timestamp(ports, user, { key, query })
    assert.match(made.serialNumber, /^[0-9a-f]{32}$/)
    assert.equal(made.time, clock.now())
    const text = shown(grantedResponse(made.timestamp))
    const serial = BigInt(`0x${made.serialNumber}`).toString(16).toUpperCase()
    assert.match(text, new RegExp(`Serial number: 0x0?${serial}\n`))
    assert.ok(text.includes(`Policy OID: ${nodeClockPolicy}`))
    assert.match(text, /Time stamp: .*:\d\d\.25 \d{4} GMT/)
    assert.match(text, /Accuracy: unspecified/)
    const [record] = audit.of("key.timestamp").slice(-1)
    assert.equal(record?.target, made.serialNumber)
    assert.equal(record.note, `SHA_256 ${nodeClockPolicy}`)
    assert.equal(record.keyId, made.keyId)
    assert.doesNotMatch(
      JSON.stringify(record),
      new RegExp(Buffer.from(query.imprint).toString("hex")),
    )
    const again = await timestamp(ports, user, { key, query })
    assert.notEqual(again.serialNumber, made.serialNumber)
  })

  test("that there are none of are refused in words that OpenSSL reads", () => {
    const text = shown(refusedResponse("timeNotAvailable", "no time"))
    assert.match(text, /Status: Rejected\.\nStatus description: no time\nFailure info: .*time/s)
    assert.match(shown(refusedResponse("systemFailure", "x")), /Failure info: .*system failure/s)
    assert.match(shown(refusedResponse("badAlg", "x")), /unrecognized or unsupported algorithm/)
  })
})

test("every key of the table has the hash that its usual signatures have", () => {
  for (const [algorithm, hash] of Object.entries(timestampKeys)) {
    // The keys of a literal table are exactly its identifiers.
    const mechanism = usualMechanism(algorithm as keyof typeof timestampKeys)
    assert.ok(mechanism?.endsWith(`_${hash}`), algorithm)
  }
})

test("keys of other algorithms make none", async () => {
  for (const algorithm of ["RSA_2048", "ED25519", "EC_SECP256K1"] as const) {
    const { key } = await newTimestamper(algorithm)
    await assert.rejects(make(key), { code: "OPERATION_FORBIDDEN" }, algorithm)
  }
  const key = await newKey("AES_256")
  await assert.rejects(make(key), { code: "OPERATION_FORBIDDEN" })
})

test("a certificate counts that is for timestamps alone, valid now, of the version", async () => {
  const wrong: Readonly<Record<string, CertificateProfile>> = {
    "for no purpose": {},
    "for another one besides": { extendedKeyUsage: ["timeStamping", "codeSigning"] },
    "for another one": { extendedKeyUsage: ["codeSigning"] },
    "an authority's": { ...forTimestamps, authority: {} },
    "for encipherment too": {
      ...forTimestamps,
      keyUsage: ["digitalSignature", "keyEncipherment"],
    },
  }
  for (const [what, profile] of Object.entries(wrong)) {
    const { key } = await newTimestamper("EC_P256", profile)
    await assert.rejects(make(key), { code: "NOT_FOUND" }, what)
  }
  const { key } = await newTimestamper("EC_P256", { ...forTimestamps, lifeMs: dayMs })
  await make(key)
  clock.advance(dayMs)
  await assert.rejects(make(key), { code: "NOT_FOUND" }, "no longer valid")
  const { key: rotated } = await newTimestamper("EC_P256")
  await make(rotated)
  await rotateKey(ports, manager, { key: rotated })
  await assert.rejects(make(rotated), { code: "NOT_FOUND" }, "of an older version")
})

test("no timestamp is made while the clock is in doubt", async () => {
  const { key } = await newTimestamper("EC_P256")
  clock.sure = false
  const refused = {
    code: "CONFLICT",
    detail: { retryAfterSeconds: 60, timestamp: "timeNotAvailable" },
  }
  await assert.rejects(make(key), refused)
  clock.sure = true
  await make(key)
})

test("another policy than the one there is is refused", async () => {
  const { key } = await newTimestamper("EC_P256")
  const query = { ...ofMessage("SHA_256"), policy: writeDerObjectId("1.2.3.4") }
  const refused = { code: "MALFORMED_REQUEST", detail: { timestamp: "unacceptedPolicy" } }
  await assert.rejects(make(key, query), refused)
  await make(key, { ...query, policy: writeDerObjectId(nodeClockPolicy) })
})

test("who may not use the key, or finds it switched off, gets no timestamp", async () => {
  const { key } = await newTimestamper("EC_P256")
  const query = ofMessage("SHA_256")
  await assert.rejects(timestamp(ports, manager, { key, query }), { code: "OPERATION_FORBIDDEN" })
  const signing = { ...user.caller, grants: [{ operations: ["key.sign" as const] }] }
  const asSigner = timestamp(ports, { ...user, caller: signing }, { key, query })
  await assert.rejects(asSigner, { code: "OPERATION_FORBIDDEN" })
  const narrowed = { ...user.caller, grants: [{ operations: ["key.timestamp" as const] }] }
  await timestamp(ports, { ...user, caller: narrowed }, { key, query })
  const stranger = contextOf("user", await newPartition(stack, "stranger"))
  await assert.rejects(timestamp(ports, stranger, { key, query }), { code: "KEY_NOT_FOUND" })
  await disableKey(ports, manager, { key })
  await assert.rejects(make(key), { code: "KEY_STATE" })
})

test("a key whose rule wants approvals makes none, and nobody can ask for them", async () => {
  const fixture = await requestFixture()
  const { made, anna } = fixture
  const key = await fixture.newKey({ use: quorumOf(1, [anna]) })
  const command = { key, query: ofMessage("SHA_256") }
  await assert.rejects(timestamp(made.stack.ports, made.as("user"), command), {
    code: "APPROVAL_REQUIRED",
  })
  assert.equal(isRequestable("key.timestamp"), false)
  await made.stack.cluster.remove()
})
