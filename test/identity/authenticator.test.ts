import assert from "node:assert/strict"
import test from "node:test"
import { HsmError } from "../../src/domain/errors.ts"
import { instant, type CredentialId, type PartitionId } from "../../src/domain/ids.ts"
import type { Credential } from "../../src/domain/principal.ts"
import { bearerOf, type Evidence } from "../../src/identity/authenticator.ts"
import type { ClientCertificate } from "../../src/identity/certificate.ts"
import type { RefusalReason } from "../../src/identity/refusals.ts"
import { formatToken, parseToken } from "../../src/identity/token.ts"
import {
  authenticatorFixture,
  here,
  hourMs,
  idOf,
  partitionA,
  partitionB,
  start,
  type AuthenticatorFixture,
  refusalOf,
} from "./fixture.ts"

function reforge(text: string, change: Partial<NonNullable<ReturnType<typeof parseToken>>>) {
  const token = parseToken(text)
  assert.ok(token)
  return formatToken({ ...token, ...change })
}

const certificate: ClientCertificate = {
  fingerprint: new Uint8Array(32).fill(7),
  notBefore: instant(start - hourMs),
  notAfter: instant(start + hourMs),
}
const registered: Credential = {
  kind: "certificate",
  id: idOf<CredentialId>(0x77),
  fingerprint: new Uint8Array(32).fill(7),
  createdAt: start,
  expiresAt: instant(start + hourMs),
}
const withCertificate = { credentials: [registered] }

test("a token gives its principal's partition, roles and grants", async () => {
  const { authenticator, alice } = authenticatorFixture()
  const { principal, token } = alice
  assert.deepEqual(await authenticator.authenticate({ bearer: token, address: here }), {
    partition: partitionA,
    subject: principal.id,
    name: principal.name,
    roles: principal.roles,
    grants: principal.grants,
    credential: "token",
    address: here,
  })
})

test("a token passes with the right partition named beside it", async () => {
  const { authenticator, alice } = authenticatorFixture()
  const bearer = alice.token
  await authenticator.authenticate({ bearer, partitionHint: partitionA, address: here })
})

test("a certificate gives its principal in the partition that the request names", async () => {
  const { authenticator, addPrincipal } = authenticatorFixture()
  const { principal } = addPrincipal(0x40, withCertificate)
  const evidence = { certificate, partitionHint: partitionA, address: "::ffff:192.0.2.9" }
  const caller = await authenticator.authenticate(evidence)
  assert.equal(caller.subject, principal.id)
  assert.equal(caller.credential, "certificate")
  assert.equal(caller.address, "192.0.2.9")
})

test("the same certificate registered in two partitions is two principals", async () => {
  const { authenticator, addPrincipal } = authenticatorFixture()
  const one = addPrincipal(0x40, withCertificate).principal
  const other = addPrincipal(0x50, { ...withCertificate, partition: partitionB }).principal
  const ask = (partitionHint: string) =>
    authenticator.authenticate({ certificate, partitionHint, address: here })
  assert.equal((await ask(partitionA)).subject, one.id)
  assert.equal((await ask(partitionB)).subject, other.id)
})

test("a token beside a certificate that nobody registered here still counts", async () => {
  const { authenticator, alice } = authenticatorFixture()
  const caller = await authenticator.authenticate({
    bearer: alice.token,
    certificate,
    address: here,
  })
  assert.equal(caller.subject, alice.principal.id)
})

test("a token beside the same principal's certificate counts", async () => {
  const fixture = authenticatorFixture()
  const { principal, credential, token } = fixture.alice
  fixture.records.change(principal.id, { credentials: [credential, registered] })
  await fixture.authenticator.authenticate({ bearer: token, certificate, address: here })
})

/** One way to be refused: what is presented after which change, and the reason that is counted. */
type Refusal = readonly [
  what: string,
  reason: RefusalReason,
  prepare: (fixture: AuthenticatorFixture) => Partial<Evidence>,
]

const change =
  (patch: Parameters<AuthenticatorFixture["records"]["change"]>[1]) =>
  ({ records, alice }: AuthenticatorFixture) => {
    records.change(alice.principal.id, patch)
    return { bearer: alice.token }
  }

const refusals: readonly Refusal[] = [
  ["nothing at all", "missing", () => ({})],
  ["an empty bearer", "partition", () => ({ bearer: "" })],
  ["a bearer of another kind", "partition", () => ({ bearer: "ghp_something" })],
  ["a token with a typo", "malformed", ({ alice }) => ({ bearer: alice.token.slice(0, -1) })],
  [
    "a token of another partition",
    "unknown-credential",
    ({ alice }) => ({
      bearer: reforge(alice.token, { partition: partitionB }),
    }),
  ],
  [
    "a token of a partition that does not exist",
    "unknown-credential",
    ({ alice }) => ({ bearer: reforge(alice.token, { partition: idOf<PartitionId>(0xc) }) }),
  ],
  [
    "a token of an unknown credential",
    "unknown-credential",
    ({ alice }) => ({
      bearer: reforge(alice.token, { credential: idOf<CredentialId>(0x99) }),
    }),
  ],
  [
    "a token with one bit of its secret flipped",
    "wrong-secret",
    ({ alice }) => {
      const secret = parseToken(alice.token)?.secret ?? new Uint8Array(32)
      secret[31] = (secret[31] ?? 0) ^ 1
      return { bearer: reforge(alice.token, { secret }) }
    },
  ],
  [
    "a token with another principal's secret",
    "wrong-secret",
    ({ alice, addPrincipal }) => {
      const secret = parseToken(addPrincipal(0x30).token)?.secret ?? new Uint8Array(32)
      return { bearer: reforge(alice.token, { secret }) }
    },
  ],
  [
    "a token whose id is a certificate's",
    "unknown-credential",
    ({ alice, addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      return { bearer: reforge(alice.token, { credential: registered.id }) }
    },
  ],
  [
    "a token at the moment of its expiry",
    "expired",
    ({ alice, advance }) => {
      advance(hourMs)
      return { bearer: alice.token }
    },
  ],
  ["a token that was revoked", "unknown-credential", change({ credentials: [] })],
  ["a token of a disabled principal", "disabled", change({ state: "disabled" })],
  [
    "a token from elsewhere",
    "address",
    change({ addresses: ["198.51.100.0/24", "2001:db8::/32"] }),
  ],
  [
    "a token from no address",
    "address",
    ({ alice, records }) => {
      records.change(alice.principal.id, { addresses: ["0.0.0.0/0"] })
      return { bearer: alice.token, address: "" }
    },
  ],
  [
    "a token beside another partition's name",
    "partition",
    ({ alice }) => ({
      bearer: alice.token,
      partitionHint: partitionB,
    }),
  ],
  [
    "a token beside a partition that is no id",
    "malformed",
    ({ alice }) => ({
      bearer: alice.token,
      partitionHint: "production",
    }),
  ],
  [
    "a token beside someone else's certificate",
    "mismatch",
    ({ alice, addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      return { bearer: alice.token, certificate }
    },
  ],
  [
    "a wrong token beside a good certificate",
    "malformed",
    ({ addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      return { bearer: "kh1_", certificate, partitionHint: partitionA }
    },
  ],
  [
    "a record that names another partition",
    "partition",
    ({ records, alice }) => {
      records.principalByCredential = async () => ({ ...alice.principal, partition: partitionB })
      return { bearer: alice.token }
    },
  ],
  [
    "a certificate without a partition",
    "partition",
    ({ addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      return { certificate }
    },
  ],
  [
    "a certificate in another partition",
    "unknown-credential",
    ({ addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      return { certificate, partitionHint: partitionB }
    },
  ],
  [
    "a certificate that nobody registered",
    "unknown-credential",
    ({ addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      const fingerprint = new Uint8Array(32).fill(8)
      return { certificate: { ...certificate, fingerprint }, partitionHint: partitionA }
    },
  ],
  [
    "a certificate that is not valid yet",
    "certificate-dates",
    ({ addPrincipal }) => {
      addPrincipal(0x40, withCertificate)
      const notBefore = instant(start + 1)
      return { certificate: { ...certificate, notBefore }, partitionHint: partitionA }
    },
  ],
  [
    "a certificate that has run out",
    "certificate-dates",
    ({ addPrincipal, advance }) => {
      addPrincipal(0x40, withCertificate)
      advance(hourMs + 1)
      return { certificate, partitionHint: partitionA }
    },
  ],
  [
    "a certificate whose registration has run out",
    "expired",
    ({ addPrincipal }) => {
      addPrincipal(0x40, { credentials: [{ ...registered, expiresAt: start }] })
      return { certificate, partitionHint: partitionA }
    },
  ],
  [
    "a certificate of a disabled principal",
    "disabled",
    ({ addPrincipal }) => {
      addPrincipal(0x40, { ...withCertificate, state: "disabled" })
      return { certificate, partitionHint: partitionA }
    },
  ],
  [
    "a certificate from elsewhere",
    "address",
    ({ addPrincipal }) => {
      addPrincipal(0x40, { ...withCertificate, addresses: ["198.51.100.7"] })
      return { certificate, partitionHint: partitionA }
    },
  ],
  ["a bearer that is no JWT", "malformed", () => ({ bearer: "a.b.c", partitionHint: partitionA })],
]

for (const [what, reason, prepare] of refusals) {
  test(`${what} is refused like everything else, and counted as ${reason}`, async () => {
    const fixture = authenticatorFixture()
    assert.deepEqual(await refusalOf(fixture, prepare(fixture)), {
      code: "UNAUTHENTICATED",
      message: "the credentials are not valid here",
      detail: {},
      keys: ["name", "code", "detail"],
    })
    const counter = fixture.authenticator.refusals
    assert.equal(counter.totals()[reason], 1)
    assert.deepEqual(counter.takeSummary(), { count: 1, byReason: { [reason]: 1 } })
    assert.equal(counter.takeSummary(), undefined)
  })
}

test("revoked, disabled and kept out by address count on the next request", async () => {
  for (const patch of [
    { credentials: [] },
    { state: "disabled" },
    { addresses: ["198.51.100.7"] },
  ] as const) {
    const fixture = authenticatorFixture()
    const { authenticator, records, alice } = fixture
    const evidence = { bearer: alice.token, address: here }
    await authenticator.authenticate(evidence)
    records.change(alice.principal.id, patch)
    await assert.rejects(authenticator.authenticate(evidence), { code: "UNAUTHENTICATED" })
    records.change(alice.principal.id, alice.principal)
    await authenticator.authenticate(evidence)
  }
})

test("a known and an unknown credential cost one keyed hash each", async () => {
  const fixture = authenticatorFixture()
  const { alice, hasher } = fixture
  await fixture.authenticator.authenticate({ bearer: alice.token, address: here })
  assert.equal(hasher.calls, 1)
  const forgeries = [
    reforge(alice.token, { credential: idOf<CredentialId>(0x99) }),
    reforge(alice.token, { partition: partitionB }),
    reforge(alice.token, { partition: idOf<PartitionId>(0xc) }),
    reforge(alice.token, { secret: new Uint8Array(32) }),
  ]
  for (const bearer of forgeries) {
    hasher.calls = 0
    await refusalOf(fixture, { bearer })
    assert.equal(hasher.calls, 1)
  }
})

test("a malformed token asks neither the records nor the hasher", async () => {
  const fixture = authenticatorFixture()
  fixture.records.principalByCredential = () => assert.fail("asked")
  await refusalOf(fixture, { bearer: `${fixture.alice.token.slice(0, -1)}!` })
  assert.equal(fixture.hasher.calls, 0)
})

test("records that cannot answer are not a refusal", async () => {
  const { authenticator, records, alice } = authenticatorFixture()
  records.principalByCredential = () =>
    Promise.reject(new HsmError("STORE_UNAVAILABLE", "no answer"))
  const asked = authenticator.authenticate({ bearer: alice.token, address: here })
  await assert.rejects(asked, { code: "STORE_UNAVAILABLE" })
  assert.equal(authenticator.refusals.takeSummary(), undefined)
})

test("a stored hash of another length equals nothing", async () => {
  const fixture = authenticatorFixture()
  const { alice, records } = fixture
  const short = { ...alice.credential, hash: alice.credential.hash.slice(0, 31) }
  records.change(alice.principal.id, { credentials: [short] })
  assert.equal((await refusalOf(fixture, { bearer: alice.token })).code, "UNAUTHENTICATED")
})

test("a bearer is read from its header alone, as RFC 6750 writes it", () => {
  for (const [header, expected] of [
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearer a b", undefined],
    ["Bearer a\n", undefined],
    ["Basic abc", undefined],
    ["Bearer a,Bearer b", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(bearerOf(header), expected, `"${header}"`)
  }
})
