/** Certificates of keys and by keys, with OpenSSL on the other side. */
import assert from "node:assert/strict"
import { X509Certificate } from "node:crypto"
import { after, suite, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { instant } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import { renderPem } from "../../src/codec/pem.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import {
  deleteCertificate,
  listCertificates,
  readCertificateOf,
  storeCertificate,
} from "../../src/service/certificates.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import {
  issueCertificate,
  requestCertificate,
  selfSign,
} from "../../src/service/issue-certificate.ts"
import { publicKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { quorumOf } from "../support/approvers.ts"
import { contextOf, memoryStack, newPartition } from "../support/stack.ts"
import { file, run, skip } from "../engine/openssl.ts"
import { requestFixture } from "./request-fixture.ts"

const { stack, partition, as } = await memoryStack({ plainExport: true })
const { ports, audit, clock } = stack
const [manager, user] = [as("manager"), as("user")]
after(() => stack.cluster.remove())

let count = 0
async function newKey(algorithm: KeyAlgorithmId): Promise<string> {
  const name = `key-${count++}`
  await createKey(ports, manager, { name, algorithm })
  return name
}

/** A key with an authority's certificate beside it. */
async function newAuthority(pathLength?: number, algorithm: KeyAlgorithmId = "EC_P256") {
  const key = await newKey(algorithm)
  const subject = `CN=${key},O=Example\\, Inc.,C=CH`
  const made = await selfSign(ports, manager, { key, subject, authority: { pathLength } })
  const { id } = await storeCertificate(ports, manager, { key, chain: made.chain })
  return { key, id, der: der(made.chain), notAfter: made.said.notAfter }
}

function der(chain: readonly Uint8Array[]): Uint8Array {
  return chain[0] ?? assert.fail("a chain has a certificate")
}

async function requestOf(key: string, mechanism?: MechanismId): Promise<Uint8Array> {
  const names = { dns: ["a.example", "*.a.example"], ip: ["192.0.2.1", "2001:db8::1"] }
  const more = { email: ["a@b.example"], uri: ["https://a.example/b"] }
  const all = { key, mechanism, subject: "CN=a.example", names: { ...names, ...more } }
  return (await requestCertificate(ports, manager, all)).request
}

/** Files in PEM, as some commands of OpenSSL 3.0 read nothing else. */
function pemFile(label: string, bytes: Uint8Array): string {
  return file(`${count++}.pem`, Buffer.from(renderPem(label, bytes)))
}

/** What OpenSSL says about a request. */
function verified(request: Uint8Array): string {
  return run(["req", "-verify", "-noout", "-in", pemFile("CERTIFICATE REQUEST", request)]).stderr
}

suite("requests", { skip }, () => {
  const signers: readonly (readonly [KeyAlgorithmId, MechanismId?])[] = [
    ["RSA_2048"],
    ["RSA_2048", "RSA_PSS_SHA_384"],
    ["RSA_2048", "RSA_PKCS1_SHA3_256"],
    ["EC_P256"],
    ["EC_P521", "ECDSA_SHA_384"],
    ["EC_SECP256K1"],
    ["EC_BRAINPOOL_P384"],
    ["ED25519"],
    ["ED448"],
  ]
  for (const [algorithm, mechanism] of signers) {
    test(`of ${algorithm}, ${mechanism ?? "as usual"}, verify there, not flipped`, async () => {
      const request = await requestOf(await newKey(algorithm), mechanism)
      assert.match(verified(request), /verify OK/)
      assert.doesNotMatch(verified(flipBit(request, -9)), /verify OK/)
    })
  }

  test("name all kinds of names", async () => {
    const request = await requestOf(await newKey("EC_P256"))
    const path = pemFile("CERTIFICATE REQUEST", request)
    const text = Buffer.from(run(["req", "-noout", "-text", "-in", path]).stdout).toString()
    assert.match(text, /DNS:a\.example, DNS:\*\.a\.example, IP Address:192\.0\.2\.1, /)
    assert.match(text, /2001:DB8:0:0:0:0:0:1, email:a@b\.example, URI:https:\/\/a\.example\/b/)
  })

  test("refuse names that are none, whoever asks", async () => {
    const key = await newKey("EC_P256")
    for (const subject of ["CN", "CN=", "CN=a,", "XX=a", "C=che", "CN=a\u0000b", "CN=a+O=b"]) {
      await refused(requestCertificate(ports, user, { key, subject }), "/subject")
    }
    for (const names of [
      { dns: ["a..b"] },
      { dns: ["a.*.b"] },
      { ip: ["1.2.3"] },
      { ip: ["fe80::1%eth0"] },
      { email: ["a"] },
      { uri: ["/a"] },
    ]) {
      const field = `/names/${Object.keys(names)[0]}`
      await refused(requestCertificate(ports, user, { key, subject: "CN=a", names }), field)
    }
    await refused(
      requestCertificate(ports, user, { key, subject: "CN=a", mechanism: "ECDSA_KECCAK_256" }),
      "/mechanism",
    )
  })
})

suite("certificates", { skip }, () => {
  for (const algorithm of ["RSA_2048", "EC_P384", "ED25519"] as const) {
    test(`by ${algorithm} verify there under their authority, strictly`, async () => {
      const authority = await newAuthority(0, algorithm)
      const request = await requestOf(await newKey("EC_P256"))
      const command = { key: authority.key, request, extendedKeyUsage: ["serverAuth"] as const }
      const made = await issueCertificate(ports, user, command)
      const trusted = pemFile("CERTIFICATE", authority.der)
      const verify = (bytes: Uint8Array, purpose: string) => {
        const leaf = pemFile("CERTIFICATE", bytes)
        const time = ["-attime", String(clock.now() / 1_000 + 60)]
        const how = ["-x509_strict", "-purpose", purpose, ...time, "-CAfile", trusted]
        return run(["verify", ...how, leaf]).ok
      }
      assert.ok(verify(der(made.chain), "sslserver"))
      assert.ok(!verify(der(made.chain), "sslclient"))
      assert.ok(!verify(flipBit(der(made.chain), -9), "sslserver"))
      const read = new X509Certificate(der(made.chain))
      assert.equal(read.ca, false)
      assert.match(read.subjectAltName ?? "", /DNS:a\.example/)
      assert.ok(made.said.serialNumber.length === 40, "20 bytes, of which 158 bits are random")
      const [record] = audit.of("certificate.issue").slice(-1)
      assert.equal(record?.target, made.said.serialNumber)
    })
  }

  test("certify keys that OpenSSL asks for, and none whose key did not sign", async () => {
    const { key } = await newAuthority()
    const subject = ["-subj", "/CN=elsewhere", "-nodes", "-outform", "DER"]
    const pss = ["-sigopt", "rsa_padding_mode:pss"]
    const ask = (how: readonly string[]): Uint8Array => {
      const secret = file(`${count++}.key`, new Uint8Array())
      return run(["req", "-new", "-newkey", ...how, ...subject, "-keyout", secret]).stdout
    }
    for (const how of [["rsa:2048"], ["rsa:2048", ...pss], ["ed448"]]) {
      const request = ask(how)
      const made = await issueCertificate(ports, user, { key, request })
      assert.equal(made.said.subject, "CN=elsewhere")
      await refused(
        issueCertificate(ports, user, { key, request: flipBit(request, -9) }),
        "/request",
      )
    }
    for (const how of [["rsa:1024"], ["rsa:2048", "-sha1"]]) {
      await refused(issueCertificate(ports, user, { key, request: ask(how) }), "/request")
    }
    const trailing = Uint8Array.of(...ask(["ed25519"]), 0)
    await refused(issueCertificate(ports, user, { key, request: trailing }), "/request")
  })
})

test("hashes of SHA-3 are named as OpenSSL 3.5 reads them", async () => {
  for (const [algorithm, mechanism] of [
    ["EC_P256", "ECDSA_SHA3_256"],
    ["RSA_2048", "RSA_PKCS1_SHA3_512"],
  ] as const) {
    const key = await newKey(algorithm)
    const made = await selfSign(ports, user, { key, mechanism, subject: "CN=a" })
    const read = new X509Certificate(der(made.chain))
    assert.ok(read.verify(read.publicKey), mechanism)
  }
})

test("post-quantum keys certify and are certified", async () => {
  const authority = await newAuthority(undefined, "ML_DSA_65")
  const request = await requestOf(await newKey("SLH_DSA_SHA2_128F"))
  const made = await issueCertificate(ports, user, { key: authority.key, request })
  const issuer = new X509Certificate(authority.der)
  assert.ok(new X509Certificate(der(made.chain)).verify(issuer.publicKey))
  assert.ok(!new X509Certificate(flipBit(der(made.chain), -9)).verify(issuer.publicKey))
  await refused(
    issueCertificate(ports, user, { key: authority.key, request: flipBit(request, -9) }),
    "/request",
  )
})

test("an authority grants no more than it has: path, time, or none at all", async () => {
  const authority = await newAuthority(1)
  const below = await newKey("EC_P256")
  const request = await requestOf(below)
  const issue = (key: string, more: object) =>
    issueCertificate(ports, user, { key, request, ...more })
  const field = "/authority"
  await refused(issue(authority.key, { authority: { pathLength: 1 } }), field)
  await refused(issue(authority.key, { lifeMs: limits.certificateLifeMaxMs }), "/lifeSeconds")
  clock.advance(60_000)
  const unasked = await issue(authority.key, {})
  assert.equal(unasked.said.notAfter, authority.notAfter, "no longer than above")
  await assert.rejects(issue(below, {}), { code: "NOT_FOUND" }, "nothing beside it")
  const made = await issue(authority.key, { authority: {} })
  assert.equal(made.said.pathLength, 0, "one less than above")
  const { id } = await storeCertificate(ports, manager, { key: below, chain: made.chain })
  await refused(issue(below, { authority: {} }), field)
  const leaf = await issue(below, { issuer: id })
  assert.equal(leaf.chain.length, 3, "with its issuers")
  const [own, upper, root] = leaf.chain.map((one) => new X509Certificate(one))
  assert.ok(upper !== undefined && root !== undefined)
  assert.ok(own?.checkIssued(upper) === true && own.verify(upper.publicKey))
  assert.ok(upper.checkIssued(root) && upper.verify(root.publicKey))

  const other = await newKey("EC_P256")
  const plain = await selfSign(ports, manager, { key: other, subject: "CN=no authority" })
  await storeCertificate(ports, manager, { key: other, chain: plain.chain })
  await assert.rejects(issue(other, {}), { code: "NOT_FOUND" }, "no authority's")

  await rotateKey(ports, manager, { key: authority.key })
  await assert.rejects(issue(authority.key, {}), { code: "NOT_FOUND" }, "of an old version")
})

test("no certificate is dated while the clock is in doubt", async () => {
  const key = await newKey("EC_P256")
  clock.sure = false
  try {
    await assert.rejects(selfSign(ports, user, { key, subject: "CN=a" }), { code: "CONFLICT" })
  } finally {
    clock.sure = true
  }
})

test("what lies beside a key is of that key, follows, and goes with it", async () => {
  const { key, id, der: own } = await newAuthority()
  const other = await newAuthority()
  const store = (chain: readonly Uint8Array[]) => storeCertificate(ports, manager, { key, chain })
  await refused(store([other.der]), "/chain/0")
  await refused(store([own, other.der]), "/chain/0")
  await refused(store([Uint8Array.of(...own, 0)]), "/chain/0")
  await assert.rejects(store([own]), { code: "CONFLICT" })

  const { items } = await listCertificates(ports, as("auditor"), { key })
  assert.deepEqual(
    items.map((item) => item.id),
    [id],
  )
  const read = await readCertificateOf(ports, user, { key, certificate: id })
  assert.deepEqual(der(read.record.chain), own)
  assert.equal(read.said.notBefore, instant(Math.floor(clock.now() / 1_000) * 1_000))
  const wrong = { key, certificate: other.id }
  await assert.rejects(readCertificateOf(ports, user, wrong), { code: "NOT_FOUND" })
  await assert.rejects(deleteCertificate(ports, manager, wrong), { code: "NOT_FOUND" })
  await deleteCertificate(ports, manager, { key, certificate: id })
  assert.equal((await listCertificates(ports, user, { key })).items.length, 0)

  const { id: keyId } = (await storeCertificate(ports, manager, { key, chain: [own] })).record
  await deleteKey(ports, manager, { key, windowMs: 0 })
  assert.equal(await ports.records.read("certificate", partition, keyId), undefined)
})

test("leave to certify is not leave to sign, and a grant can give it alone", async () => {
  const { key } = await newAuthority()
  const request = await requestOf(await newKey("EC_P256"))
  const caller = { ...user.caller, grants: [{ operations: ["certificate.issue" as const] }] }
  const registrar: Context = { ...user, caller }
  await issueCertificate(ports, registrar, { key, request })
  const denied = { code: "OPERATION_FORBIDDEN" }
  await assert.rejects(selfSign(ports, registrar, { key, subject: "CN=a" }), denied)
  await assert.rejects(issueCertificate(ports, manager, { key, request }), denied)
  await assert.rejects(
    requestCertificate(ports, user, { key: await newKey("AES_256"), subject: "CN=a" }),
    denied,
  )
  const stranger = contextOf("user", await newPartition(stack, "stranger"))
  const { keyId } = await publicKey(ports, user, { key })
  await assert.rejects(issueCertificate(ports, stranger, { key: keyId, request }), {
    code: "KEY_NOT_FOUND",
  })
})

test("a key with a rule certifies what its approvers have signed for, once", async () => {
  const fixture = await requestFixture()
  const { made, anna } = fixture
  const key = await fixture.newKey({ use: quorumOf(1, [anna]) })
  const command = { key, subject: "CN=ruled" }
  await assert.rejects(selfSign(made.stack.ports, made.as("user"), command), {
    code: "APPROVAL_REQUIRED",
  })
  const view = await fixture.ask({ operation: "certificate.self-sign", parameters: command })
  const done = await fixture.speak(view, anna)
  assert.equal(done.request.state, "executed")
  const { result } = (await fixture.read(view)).request
  const { chain } = result as { readonly chain: readonly Uint8Array[] }
  const read = new X509Certificate(der(chain))
  assert.ok(read.subject === "CN=ruled" && read.verify(read.publicKey))
  await made.stack.cluster.remove()
})

async function refused(work: Promise<unknown>, field: string): Promise<void> {
  await assert.rejects(work, (error: { code?: string; detail?: { field?: string } }) => {
    assert.equal(error.code, "MALFORMED_REQUEST")
    assert.equal(error.detail?.field, field)
    return true
  })
}
