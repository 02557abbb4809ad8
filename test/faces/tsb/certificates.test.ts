/** Certificates in the TSB dialect; what they say is read by node:crypto and by OpenSSL. */

import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { after, before, test } from "node:test"

import { newApprover } from "../../support/approvers.ts"
import { approvalOf, ruleOf, taskOf, tasksOf } from "../../support/tsb-approver.ts"
import { b64, p256, signs, tsbFace, type Body, type TsbFace } from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace()
})
after(() => on.stop())

async function newKey(change: Body = {}): Promise<string> {
  const label = `key-${count++}`
  await on.ok("POST /key", { label, ...p256, attributes: signs, ...change })
  return label
}

const signatureAlgorithm = "SHA256_WITH_ECDSA"

/** As clients send it: every field, most of them null. */
function selfSigning(signKeyName: string, change: Body = {}): Body {
  return {
    signKeyName,
    keyPassword: null,
    validity: 365,
    signatureAlgorithm,
    commonName: "Root",
    certificateAuthority: true,
    keyUsage: ["DIGITAL_SIGNATURE", "KEY_CERT_SIGN"],
    extendedKeyUsage: ["ANY_EXTENDED_KEY_USAGE"],
    ...change,
  }
}

const names = {
  commonName: "shop, + co",
  country: "CH",
  stateOrProvinceName: "Zürich",
  locality: "Zürich",
  organizationName: "Example AG",
  organizationIdentifier: "VATCH-1",
  organizationUnitName: "Tills",
  email: "a@example.com",
  title: "Dr",
  surname: "Muster",
  givenName: "Anna",
  initials: "AM",
  pseudonym: "ann",
  generationQualifier: "III",
} as const

function requesting(signKeyName: string, change: Body = {}): Body {
  return {
    signKeyName,
    signatureAlgorithm,
    validity: 365,
    standardCertificateAttributes: names,
    keyUsage: ["DIGITAL_SIGNATURE"],
    extendedKeyUsage: ["SERVER_AUTH"],
    ...change,
  }
}

const selfsign = "POST /certificate/synchronous/selfsign"
const request = "POST /certificate/synchronous/request"
const issue = "POST /certificate/synchronous/sign"
const sync = [selfsign, request, `${request}/download`, issue] as const

const readPem = (text: unknown) => new X509Certificate(String(text))
const der = (text: unknown) => readPem(text).raw

async function authority(change: Body = {}): Promise<string> {
  const label = await newKey(change)
  await on.ok(selfsign, selfSigning(label))
  return label
}

async function csrOf(label: string): Promise<string> {
  return String((await on.ok(request, requesting(label)))["certificateSigningRequest"])
}

function openssl(args: readonly string[], input: string): string {
  return execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "pipe"] }).toString()
}

test("a key certifies itself, and what comes lies beside it", async () => {
  const label = await newKey()
  const statistics = async () =>
    String((await on.ok("GET /keystore/statistics"))["keyStoreStatistics"])
  assert.match(await statistics(), /, certificates 0, /)
  const answer = await on.ok(selfsign, selfSigning(label))
  assert.match(await statistics(), /, certificates 1, /)
  assert.equal(answer["label"], label)
  const read = readPem(answer["certificate"])
  assert.equal(read.subject, "CN=Root")
  assert.ok(read.ca && read.verify(read.publicKey))
  assert.equal(Date.parse(read.validTo) - Date.parse(read.validFrom), 365 * 86_400_000)
  const { json } = await on.ok("POST /key/attributes", { label })
  const spki = read.publicKey.export({ format: "der", type: "spki" })
  assert.equal(b64(spki), (json as Body)["publicKey"])
  assert.deepEqual(await on.ok(`GET /certificate/${label}`), answer)
  const text = openssl(["x509", "-noout", "-text"], String(answer["certificate"]))
  assert.match(text, /Any Extended Key Usage/)
  assert.match(text, /Digital Signature, Certificate Sign/)
})

test("who is no manager gets the certificate, and nothing is kept", async () => {
  const label = await newKey()
  await on.ok(selfsign, selfSigning(label), { roles: ["user"] })
  assert.equal(await on.fault(`GET /certificate/${label}`), "404 650")
})

test("a request says every name that it was given, and its key signed it", async () => {
  const label = await newKey()
  const pem = await csrOf(label)
  assert.match(pem, /^-----BEGIN NEW CERTIFICATE REQUEST-----\n/)
  const text = openssl(["req", "-noout", "-verify", "-text", "-nameopt", "utf8,sep_multiline"], pem)
  for (const name of Object.values(names)) assert.ok(text.includes(name), name)
  assert.match(text, /TLS Web Server Authentication/)
  const { type, file } = await on.ok(`${request}/download`, requesting(label))
  assert.equal(type, "application/x-pem-file")
  openssl(["req", "-noout", "-verify"], String(file))
  const flipped = Buffer.from(pem.split("-----")[2] ?? "", "base64")
  const at = flipped.length - 5
  flipped[at] = (flipped[at] ?? 0) ^ 1
  const asked = { ...selfSigning(await authority()), certificateSigningRequest: b64(flipped) }
  assert.equal(await on.fault(issue, asked), "400 628")
})

test("an authority issues what a request asks for, and its chain holds", async () => {
  const root = await authority()
  const csr = await csrOf(await newKey())
  const { certificate: above } = await on.ok(`GET /certificate/${root}`)
  const asked = {
    ...selfSigning(root, { certificateAuthority: false, keyUsage: ["DIGITAL_SIGNATURE"] }),
    commonName: null,
    validity: 30,
  }
  const der = b64(Buffer.from(csr.split("-----")[2] ?? "", "base64"))
  for (const certificateSigningRequest of [csr, der, csr.replaceAll("NEW CERT", "CERT")]) {
    const answer = await on.ok(issue, { ...asked, certificateSigningRequest })
    assert.equal(answer["label"], root)
    const read = readPem(answer["certificate"])
    assert.ok(read.verify(readPem(above).publicKey) && !read.ca)
    assert.match(read.subject, /Example AG/)
  }
  const named = { ...asked, commonName: "other", certificateSigningRequest: csr }
  assert.equal(readPem((await on.ok(issue, named))["certificate"]).subject, "CN=other")
  const bare = { ...named, signKeyName: await newKey() }
  assert.equal(await on.fault(issue, bare), "400 402", "no authority's certificate beside it")
  const longer = { ...named, validity: 366 }
  assert.equal(await on.fault(issue, longer), "400 600")
})

test("a certificate is imported beside its key, replaces what is shown, and goes", async () => {
  const root = await authority()
  const label = await authority()
  const csr = await csrOf(label)
  const asked = { ...selfSigning(root), certificateSigningRequest: csr, validity: 10 }
  const { certificate } = await on.ok(issue, { ...asked, certificateAuthority: false })
  on.stack.clock.advance(1_000)
  const text = b64(der(certificate))
  const shown = { label, certificate }
  const put = "POST /certificate/import/plain"
  assert.deepEqual(await on.ok(put, { label, certificate: text }), shown)
  assert.deepEqual(await on.ok(put, shown), shown, "again, and as PEM")
  assert.deepEqual(await on.ok(`GET /certificate/${label}`), shown)
  assert.equal(await on.fault(put, { label: root, certificate: text }), "400 402", "of another key")
  assert.equal(await on.fault(put, { label, certificate: text.slice(4) }), "400 402")
  assert.equal(await on.fault(put, { label, certificate: "-----BEGIN" }), "400 600")
  assert.equal(await on.fault(put, { label: "nobody", certificate: text }), "404 650")
  await on.ok(`DELETE /certificate/${label}`)
  assert.equal(await on.fault(`GET /certificate/${label}`), "404 650")
  assert.equal(await on.fault(`DELETE /certificate/${label}`), "404 650")
})

test("what a certificate cannot say is refused, not left out", async () => {
  const label = await newKey()
  const fault = async (change: Body) => await on.fault(selfsign, selfSigning(label, change))
  assert.equal(await fault({ keyUsage: ["SIGN_ANYTHING"] }), "400 600")
  assert.equal(await fault({ extendedKeyUsage: ["EVERYTHING"] }), "400 600")
  assert.equal(await fault({ subjectAlternativeNames: ["a"] }), "501 611")
  assert.equal(await fault({ signatureAlgorithm: "SHA256_WITH_RSA" }), "400 607")
  assert.equal(await fault({ signatureAlgorithm: "NONESHA256_WITH_RSA" }), "400 607")
  assert.equal(await fault({ signatureAlgorithm: "SHA1_WITH_ECDSA" }), "403 614")
  assert.equal(await fault({ validity: 0 }), "400 600")
  assert.equal(await fault({ validity: null }), "400 600")
  assert.equal(await fault({ validity: 100_000 }), "400 600")
  assert.equal(await fault({ commonName: null }), "400 600")
  assert.equal(await fault({ commonName: "a\nb" }), "400 600")
  assert.equal(await fault({ standardCertificateAttributes: { commonName: "other" } }), "400 600")
  assert.equal(await fault({ standardCertificateAttributes: { country: "Schweiz" } }), "400 600")
  assert.equal(await fault({ keyPassword: ["a"] }), "400 620")
  assert.equal(await fault({ signedApprovals: [b64("a")] }), "501 611")
  assert.equal(await fault({ signKeyName: `${label}/1` }), "400 600")
  const lists = { keyUsage: ["DIGITAL_SIGNATURE,CRL_SIGN"], extendedKeyUsage: [""] }
  await on.ok(selfsign, selfSigning(label, lists))
})

test("another partition's key is as unknown as none, on every path", async () => {
  const label = await authority()
  const csr = { certificateSigningRequest: await csrOf(label) }
  const there = { partition: on.other }
  const bodies = (name: string): readonly (readonly [string, unknown])[] => [
    ...sync.map((route) => [route, { ...selfSigning(name), ...csr }] as const),
    ["POST /certificate/selfsign", { selfSignCertificateRequest: selfSigning(name) }],
    ["POST /certificate/request", { csrSignRequest: requesting(name) }],
    ["POST /certificate/sign", { signCertificateRequest: { ...selfSigning(name), ...csr } }],
  ]
  const unknown = new Map(bodies("nobody"))
  for (const [route, body] of bodies(label)) {
    const alike = await on.send(route, unknown.get(route), there)
    assert.deepEqual([alike.status, alike.body["errorCode"]], [404, 650], route)
    assert.deepEqual(await on.send(route, body, there), alike, route)
    assert.equal(await on.fault(route, body, { roles: ["auditor"] }), "403 400", route)
  }
  for (const method of ["GET", "DELETE"]) {
    const alike = await on.send(`${method} /certificate/nobody`, undefined, there)
    assert.deepEqual([alike.status, alike.body["errorCode"]], [404, 650])
    assert.deepEqual(await on.send(`${method} /certificate/${label}`, undefined, there), alike)
  }
  const user = { roles: ["user"] } as const
  assert.equal(await on.fault(`DELETE /certificate/${label}`, undefined, user), "403 400")
})

// --- with approvers ------------------------------------------------------------------------------

const anna = newApprover("Anna")
const bo = newApprover("Bo")

async function ruled(): Promise<string> {
  return await newKey({ policy: { ruleUse: ruleOf(2, [anna, bo], { timeout: 600 }) } })
}

async function ask(route: string, body: Body): Promise<string> {
  const { status, body: answer } = await on.send(route, { ...body, requestSignature: null })
  assert.equal(status, 201, JSON.stringify(answer))
  return String(answer["signRequestId"])
}

/** Both approve; what came of it. */
async function approved(id: string): Promise<Body> {
  for (const who of [anna, bo]) {
    await on.ok("POST /approval", approvalOf(who, await taskOf(on, who, id)))
  }
  return await on.ok(`GET /request/${id}`)
}

/** What is signed in a certificate: its first element. */
function tbsOf(bytes: Uint8Array): Buffer {
  const long = ((bytes[5] ?? 0) & 0x7f) + 2
  const head = 4
  const length = Buffer.from(bytes).readUIntBE(head + 2, long - 2)
  return Buffer.from(bytes.subarray(head, head + long + length))
}

test("approvers sign the very bytes that the key signs, and see who asked for what", async () => {
  const label = await ruled()
  assert.equal(await on.fault(selfsign, selfSigning(label)), "403 401")
  const selfSignCertificateRequest = selfSigning(label, { metaData: b64("for the lab") })
  const id = await ask("POST /certificate/selfsign", { selfSignCertificateRequest })
  const [task] = await tasksOf(on, anna, { requestId: id, detailLevel: "level3" })
  const shown = task?.["signedSelfSignCertificateRequestDto"] as Body
  assert.deepEqual(shown["selfSignCertificateRequest"], selfSignCertificateRequest)
  assert.equal(task?.["metaData"], b64("for the lab"))
  assert.equal(task["signedSignCertificateRequest"], null)
  on.stack.clock.advance(60_000)
  const done = await approved(id)
  assert.equal(done["status"], "EXECUTED")
  assert.equal(b64(tbsOf(der(done["result"]))), task["payload"])
  assert.equal((await on.ok(`GET /certificate/${label}`))["certificate"], done["result"])
  assert.deepEqual(await on.ok(`GET /request/${id}`), done, "however often it is polled")
})

test("an authority with rules requests, and issues, after its approvers", async () => {
  const root = await ruled()
  const selfSignCertificateRequest = selfSigning(root)
  await approved(await ask("POST /certificate/selfsign", { selfSignCertificateRequest }))
  const label = await ruled()
  const asked = await ask("POST /certificate/request", { csrSignRequest: requesting(label) })
  const [task] = await tasksOf(on, anna, { requestId: asked, detailLevel: "level3" })
  assert.notEqual(task?.["signedCertificateRequestRequest"], null)
  const { result: csr } = await approved(asked)
  openssl(["req", "-noout", "-verify"], String(csr))
  const signCertificateRequest = {
    ...selfSigning(root, { certificateAuthority: false, validity: 30 }),
    certificateSigningRequest: csr,
  }
  const id = await ask("POST /certificate/sign", { signCertificateRequest })
  const [waits] = await tasksOf(on, bo, { requestId: id, detailLevel: "level3" })
  assert.notEqual(waits?.["signedSignCertificateRequest"], null)
  const { result } = await approved(id)
  assert.equal(b64(tbsOf(der(result))), waits?.["payload"])
  const { certificate } = await on.ok(`GET /certificate/${root}`)
  assert.ok(readPem(result).verify(readPem(certificate).publicKey))
})

test("one approver too few, or an approval of another certificate, makes none", async () => {
  const label = await ruled()
  const ids = [
    await ask("POST /certificate/selfsign", { selfSignCertificateRequest: selfSigning(label) }),
    await ask("POST /certificate/selfsign", { selfSignCertificateRequest: selfSigning(label) }),
  ] as const
  const tasks = [await taskOf(on, anna, ids[0]), await taskOf(on, anna, ids[1])] as const
  assert.notEqual(tasks[0]["approvalToBeSigned"], tasks[1]["approvalToBeSigned"])
  const swapped = { ...approvalOf(anna, tasks[0]), id: tasks[1]["id"] }
  assert.equal(await on.fault("POST /approval", swapped), "400 403")
  const own = { ...swapped, approvalToBeSigned: tasks[1]["approvalToBeSigned"] }
  assert.equal(await on.fault("POST /approval", own), "400 403")
  await on.ok("POST /approval", approvalOf(anna, tasks[0]))
  assert.equal((await on.ok(`GET /request/${ids[0]}`))["status"], "PENDING")
})

test("what changes meanwhile is not what they signed for", async () => {
  const root = await ruled()
  const selfSignCertificateRequest = selfSigning(root)
  const certified = async () =>
    await approved(await ask("POST /certificate/selfsign", { selfSignCertificateRequest }))
  await certified()
  const signCertificateRequest = {
    ...selfSigning(root, { certificateAuthority: false, validity: 30, commonName: "x" }),
    certificateSigningRequest: await csrOf(await newKey()),
  }
  const id = await ask("POST /certificate/sign", { signCertificateRequest })
  const other = await ask("POST /certificate/sign", { signCertificateRequest })
  on.stack.clock.advance(1_000)
  const renamed = { selfSignCertificateRequest: selfSigning(root, { commonName: "Other" }) }
  await approved(await ask("POST /certificate/selfsign", renamed))
  assert.equal((await approved(other))["status"], "FAILED", "another issuer's name")
  await on.ok(`DELETE /certificate/${root}`)
  const failed = await approved(id)
  assert.deepEqual([failed["status"], failed["result"]], ["FAILED", null])
  assert.equal(await on.fault("POST /certificate/sign", { signCertificateRequest }), "400 402")
})

test("where a rule asks nobody, a request is done at once", async () => {
  const selfSignCertificateRequest = selfSigning(await newKey({ policy: { ruleUse: null } }))
  const id = await ask("POST /certificate/selfsign", { selfSignCertificateRequest })
  const { status, result } = await on.ok(`GET /request/${id}`)
  assert.equal(status, "EXECUTED")
  assert.ok(readPem(result).ca)
  const plain = { csrSignRequest: requesting(await newKey()) }
  const { result: csr } = await on.ok(
    `GET /request/${await ask("POST /certificate/request", plain)}`,
  )
  openssl(["req", "-noout", "-verify"], String(csr))
})
