import assert from "node:assert/strict"
import test from "node:test"
import * as fc from "fast-check"

import { encodeAccessKeyId } from "../../src/codec/access-key-id.ts"
import type { SignedRequest } from "../../src/codec/sigv4.ts"
import { HsmError, type SignatureFault } from "../../src/domain/errors.ts"
import { instant, type CredentialId } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import type { AccessKey } from "../../src/domain/principal.ts"
import type { SignedEvidence } from "../../src/identity/signed-request.ts"
import { signWithSdk, type Unsigned } from "../support/aws-signer.ts"
import {
  authenticatorFixture,
  here,
  hourMs,
  idOf,
  partitionA,
  partitionB,
  start,
} from "./fixture.ts"

const accessKeyId = encodeAccessKeyId(partitionA, 4711)
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY123"
const key: AccessKey = {
  kind: "access-key",
  id: idOf<CredentialId>(0x66),
  accessKeyId,
  secret: new TextEncoder().encode(secretAccessKey),
  createdAt: start,
  expiresAt: instant(start + hourMs),
}
const plain: Unsigned = {
  method: "POST",
  path: "/",
  headers: {
    host: "localhost:8443",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "TrentService.ListKeys",
  },
  body: Buffer.from("{}"),
}
const signing = { accessKeyId, secretAccessKey, at: start }

function fixture(change: Partial<AccessKey> = {}) {
  const made = authenticatorFixture()
  const { principal } = made.addPrincipal(0x40, { credentials: [{ ...key, ...change }] })
  return { ...made, principal }
}

function evidence(
  { method, path, query = {}, body }: Unsigned,
  headers: Readonly<Record<string, string>>,
  change: Partial<SignedRequest> = {},
): SignedEvidence {
  const request: SignedRequest = {
    method,
    path,
    query: wireQuery(query),
    header: (name) => headers[name],
    body,
    ...change,
  }
  const required = ["host", "x-amz-date", "x-amz-target"]
  return { request, service: "kms", headers: required, address: here }
}

/** The query as an HTTP client would write it. */
function wireQuery(query: NonNullable<Unsigned["query"]>): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&")
}

async function faultOf(
  { authenticator }: ReturnType<typeof authenticatorFixture>,
  asked: SignedEvidence,
): Promise<SignatureFault | undefined> {
  try {
    await authenticator.authenticateSigned(asked)
  } catch (error) {
    assert.ok(error instanceof HsmError)
    assert.equal(error.code, "UNAUTHENTICATED")
    return error.detail.signature
  }
  return undefined
}

test("a request that the SDK signed is its principal's", async () => {
  const made = fixture()
  const headers = await signWithSdk(plain, signing)
  const { caller, region } = await made.authenticator.authenticateSigned(evidence(plain, headers))
  assert.equal(region, "eu-central-1")
  assert.deepEqual(caller, {
    partition: partitionA,
    subject: made.principal.id,
    name: made.principal.name,
    roles: made.principal.roles,
    grants: [],
    credential: "access-key",
    address: here,
  })
})

const text = (alphabet: string, maxLength = 12) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split("")), minLength: 1, maxLength })
const segment = text("abcXYZ019-_.~%!*'() &=:;,$@+")
const requests = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT"),
  path: fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
  query: fc.dictionary(text("abcXYZ-_.~! +/=&"), text("abcXYZ-_.~! +/=&é"), { maxKeys: 4 }),
  headers: fc
    .dictionary(
      text("abcdef-", 8).map((name) => `x-amz-meta-${name}`),
      text("ab  c,;="),
    )
    .map((extra) => ({ ...plain.headers, ...extra })),
  body: fc.uint8Array({ maxLength: 64 }),
})

test("what the SDK signs verifies, whatever method, path, query, headers and body", async () => {
  const made = fixture()
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const headers = await signWithSdk(request, signing)
      assert.equal(await faultOf(made, evidence(request, headers)), undefined)
    }),
  )
})

const tampered: readonly (readonly [string, (asked: SignedEvidence) => Partial<SignedRequest>])[] =
  [
    ["method", () => ({ method: "PUT" })],
    ["path", () => ({ path: "/x" })],
    ["query", () => ({ query: "a=b" })],
    ["body", () => ({ body: Buffer.from("{ }") })],
    ["host", (asked) => withHeader(asked, "host", "localhost:8444")],
    ["target", (asked) => withHeader(asked, "x-amz-target", "TrentService.ListAliases")],
    ["content type", (asked) => withHeader(asked, "content-type", "application/json")],
    ["date", (asked) => withHeader(asked, "x-amz-date", "20261123T000001Z")],
    ["a signed header's absence", (asked) => withHeader(asked, "content-type", undefined)],
    ["region", (asked) => edited(asked, "eu-central-1", "eu-central-2")],
    ["date of the scope", (asked) => edited(asked, "20261123", "20261124")],
    ["service", (asked) => edited(asked, "/kms/", "/sts/")],
    ["signed headers", (asked) => edited(asked, "content-type;", "")],
    ["signature", (asked) => edited(asked, /[0-9a-f]$/, (end) => (end === "0" ? "1" : "0"))],
  ]

function withHeader(
  { request }: SignedEvidence,
  changed: string,
  value: string | undefined,
): Partial<SignedRequest> {
  return { header: (name) => (name === changed ? value : request.header(name)) }
}

function edited(
  asked: SignedEvidence,
  from: string | RegExp,
  to: string | ((found: string) => string),
): Partial<SignedRequest> {
  const authorization = asked.request.header("authorization") ?? ""
  const change = typeof to === "string" ? () => to : to
  const next = authorization.replace(from, change)
  assert.notEqual(next, authorization)
  return withHeader(asked, "authorization", next)
}

for (const [what, tamper] of tampered) {
  test(`a signed request with another ${what} is refused`, async () => {
    const made = fixture()
    const asked = evidence(plain, await signWithSdk(plain, signing))
    const changed = { ...asked, request: { ...asked.request, ...tamper(asked) } }
    assert.ok(["mismatch", "malformed"].includes((await faultOf(made, changed)) ?? "admitted"))
    assert.equal(await faultOf(made, asked), undefined)
  })
}

test("a signature that does not cover a required header is refused", async () => {
  const { "x-amz-target": target, ...headers } = plain.headers
  const signed = await signWithSdk({ ...plain, headers }, signing)
  const asked = evidence(plain, { ...signed, "x-amz-target": target ?? "" })
  assert.equal(await faultOf(fixture(), asked), "malformed")
  assert.equal(await faultOf(fixture(), { ...asked, headers: ["host", "x-amz-date"] }), undefined)
})

test("a request is good for five minutes before and after its date, no second longer", async () => {
  const { signatureSkewMs } = limits
  for (const [offset, expected] of [
    [-signatureSkewMs, undefined],
    [signatureSkewMs, undefined],
    [-signatureSkewMs - 1_000, "clock"],
    [signatureSkewMs + 1_000, "clock"],
  ] as const) {
    const headers = await signWithSdk(plain, { ...signing, at: start + offset })
    assert.equal(await faultOf(fixture(), evidence(plain, headers)), expected, `${offset} ms`)
  }
})

test("without an authorization the fault is that it is missing", async () => {
  assert.equal(await faultOf(fixture(), evidence(plain, plain.headers)), "missing")
})

test("a bearer token in its place is malformed", async () => {
  const headers = { ...plain.headers, authorization: "Bearer kh1_x" }
  assert.equal(await faultOf(fixture(), evidence(plain, headers)), "malformed")
})

test("another secret is a mismatch, an unknown access key is unknown", async () => {
  const wrong = await signWithSdk(plain, { ...signing, secretAccessKey: `${secretAccessKey}x` })
  assert.equal(await faultOf(fixture(), evidence(plain, wrong)), "mismatch")
  for (const unknown of [
    encodeAccessKeyId(partitionA, 4712),
    encodeAccessKeyId(partitionB, 4711),
    "AKIAIOSFODNN7EXAMPLE",
  ]) {
    const headers = await signWithSdk(plain, { ...signing, accessKeyId: unknown })
    assert.equal(await faultOf(fixture(), evidence(plain, headers)), "unknown", unknown)
  }
})

test("a session token beside an access key is refused: there are none here", async () => {
  const headers = { ...plain.headers, "x-amz-security-token": "token" }
  const signed = await signWithSdk({ ...plain, headers }, signing)
  assert.equal(await faultOf(fixture(), evidence(plain, signed)), "unknown")
})

test("an expired key, a disabled principal and a foreign address are told alike", async () => {
  const headers = await signWithSdk(plain, signing)
  const asked = evidence(plain, headers)
  assert.equal(await faultOf(fixture({ expiresAt: start }), asked), "unknown")
  for (const change of [{ state: "disabled" as const }, { addresses: ["10.0.0.0/8"] }]) {
    const made = fixture()
    assert.equal(await faultOf(made, asked), undefined)
    made.records.change(made.principal.id, change)
    assert.equal(await faultOf(made, asked), "unknown")
  }
})

test("a secret that was exchanged signs no more, though its signing key was derived", async () => {
  const made = fixture()
  const asked = evidence(plain, await signWithSdk(plain, signing))
  assert.equal(await faultOf(made, asked), undefined)
  const secret = new TextEncoder().encode(`${secretAccessKey}2`)
  made.records.change(made.principal.id, { credentials: [{ ...key, secret }] })
  assert.equal(await faultOf(made, asked), "mismatch")
  made.records.change(made.principal.id, { credentials: [] })
  assert.equal(await faultOf(made, asked), "unknown")
})

test("failures from one address are slowed, and a good signature passes all the same", async () => {
  const made = fixture()
  const good = evidence(plain, await signWithSdk(plain, signing))
  const bad = evidence(plain, plain.headers)
  const codes = new Set<string>()
  for (let attempt = 0; attempt <= limits.failedAuthenticationsPerMinute; attempt++) {
    await made.authenticator.authenticateSigned(bad).catch((error: unknown) => {
      assert.ok(error instanceof HsmError)
      codes.add(error.code)
    })
  }
  assert.deepEqual([...codes], ["UNAUTHENTICATED", "RATE_LIMITED"])
  assert.equal(await faultOf(made, good), undefined)
})

test("signed for another service, region names and all, a request is refused", async () => {
  const headers = await signWithSdk(plain, { ...signing, service: "sts" })
  assert.equal(await faultOf(fixture(), evidence(plain, headers)), "malformed")
})
