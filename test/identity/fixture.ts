/** Shared by identity's tests: records in memory, a clock to turn, real keyed hashes. */

import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { encodeBase32 } from "../../src/codec/base32.ts"
import { HsmError } from "../../src/domain/errors.ts"
import {
  clusterPartition,
  instant,
  parseId,
  type CredentialId,
  type PartitionId,
  type PrincipalId,
} from "../../src/domain/ids.ts"
import type { IssuerRecord } from "../../src/domain/issuer.ts"
import type { RandomSource } from "../../src/domain/ports.ts"
import type { Credential, PrincipalRecord } from "../../src/domain/principal.ts"
import { createAuthenticator, type Evidence } from "../../src/identity/authenticator.ts"
import type { IdentityRecords, JwksFetcher, TokenHasher } from "../../src/identity/ports.ts"
import { issueToken } from "../../src/identity/token.ts"

export const start = instant(Date.UTC(2026, 10, 23))
export const hourMs = 3_600_000

/** The id whose 16 bytes are all `fill`. */
export function idOf<Id extends Parameters<typeof String>[0]>(fill: number): Id {
  return parseId(encodeBase32(new Uint8Array(16).fill(fill))) as Id
}
export const partitionA = idOf<PartitionId>(0xa)
export const partitionB = idOf<PartitionId>(0xb)

/** Counts up: different every time, the same in every run. */
export function countingRandom(): RandomSource {
  let next = 1
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 251) }
}

/** A real HMAC, with keys for the partitions that exist; remembers how often it was asked. */
export function hmacHasher(): TokenHasher & { calls: number } {
  return {
    calls: 0,
    hash(partition, secret) {
      assert.ok([clusterPartition, partitionA, partitionB].includes(partition), "it has no key")
      this.calls += 1
      return createHmac("sha256", `key of ${partition}`).update(secret).digest()
    },
  }
}

export class MemoryRecords implements IdentityRecords {
  principals: PrincipalRecord[] = []
  issuers: IssuerRecord[] = []

  async principalByCredential(
    partition: PartitionId,
    id: CredentialId,
  ): Promise<PrincipalRecord | undefined> {
    return this.#find(partition, (credential) => credential.id === id)
  }

  async principalByAccessKey(
    partition: PartitionId,
    accessKeyId: string,
  ): Promise<PrincipalRecord | undefined> {
    return this.#find(
      partition,
      (credential) => credential.kind === "access-key" && credential.accessKeyId === accessKeyId,
    )
  }

  async principalByFingerprint(
    partition: PartitionId,
    fingerprint: Uint8Array,
  ): Promise<PrincipalRecord | undefined> {
    return this.#find(
      partition,
      (credential) =>
        credential.kind === "certificate" &&
        Buffer.from(fingerprint).equals(credential.fingerprint),
    )
  }

  isCurrent(principal: PrincipalRecord): boolean {
    return this.principals.includes(principal)
  }

  async issuersByIss(partition: PartitionId, iss: string): Promise<readonly IssuerRecord[]> {
    return this.issuers.filter((row) => row.partition === partition && row.issuer === iss)
  }

  /** Replaces a principal, as a commit would. */
  change(id: PrincipalId, change: Partial<PrincipalRecord>): void {
    this.principals = this.principals.map((row) =>
      row.id === id ? { ...row, ...change, revision: row.revision + 1 } : row,
    )
  }

  #find(
    partition: PartitionId,
    fits: (credential: Credential) => boolean,
  ): PrincipalRecord | undefined {
    return this.principals.find((row) => row.partition === partition && row.credentials.some(fits))
  }
}

/** An authenticator over memory with one principal, `alice` of partition A, and her token. */
export function authenticatorFixture(options: { readonly jwks?: JwksFetcher } = {}) {
  const records = new MemoryRecords()
  const hasher = hmacHasher()
  const random = countingRandom()
  const clock = { time: start, now: () => clock.time }
  const advance = (ms: number): void => {
    clock.time = instant(clock.time + ms)
  }
  const jwks = options.jwks ?? { fetch: async () => undefined }
  const authenticator = createAuthenticator({ records, hasher, clock, jwks })

  function addPrincipal(fill: number, change: Partial<PrincipalRecord> = {}) {
    const partition = change.partition ?? partitionA
    const issued = issueToken({
      partition,
      id: idOf<CredentialId>(fill + 1),
      now: clock.time,
      lifeMs: hourMs,
      random,
      hasher,
    })
    const principal: PrincipalRecord = {
      id: idOf<PrincipalId>(fill),
      partition,
      name: `principal-${fill}`,
      roles: ["user"],
      grants: [],
      addresses: [],
      state: "active",
      credentials: [issued.credential],
      createdAt: clock.time,
      revision: 1,
      ...change,
    }
    records.principals.push(principal)
    return { principal, token: issued.token, credential: issued.credential }
  }

  const alice = addPrincipal(0x20)
  hasher.calls = 0
  return { authenticator, records, hasher, random, clock, advance, addPrincipal, alice }
}
export type AuthenticatorFixture = ReturnType<typeof authenticatorFixture>

export const here = "192.0.2.1"

/** The whole error, as a caller could see it. */
export async function refusalOf(
  { authenticator }: AuthenticatorFixture,
  evidence: Partial<Evidence>,
): Promise<{ code: string; message: string; detail: unknown; keys: readonly string[] }> {
  try {
    await authenticator.authenticate({ address: here, ...evidence })
  } catch (error) {
    assert.ok(error instanceof HsmError)
    const { code, message, detail } = error
    assert.equal(error.cause, undefined)
    return { code, message, detail, keys: Object.keys(error) }
  }
  assert.fail("it was admitted")
}
