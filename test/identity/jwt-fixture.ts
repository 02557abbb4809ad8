/** An issuer with real keys, and JWTs of every kind that it or an attacker could write. */

import { createHmac } from "node:crypto"
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose"
import type { IssuerRecord } from "../../src/domain/issuer.ts"
import { authenticatorFixture, here, partitionA, start } from "./fixture.ts"

export const iss = "https://login.example"
export const aud = "keyhold"
export const startS = start / 1000

export interface SigningKey {
  readonly alg: string
  readonly kid: string
  readonly jwk: JWK
  readonly privateKey: CryptoKey
  /** SPKI in PEM: what an algorithm confusion uses as an HMAC secret. */
  readonly pem: string
}

export async function makeKey(alg: string, kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig" }
  return { alg, kid, jwk, privateKey, pem: await exportSPKI(publicKey) }
}

export function issuerOf(keys: readonly SigningKey[], change: Partial<IssuerRecord> = {}) {
  const issuer: IssuerRecord = {
    id: "7zzzzzzzzzzzzzzzzzzzzzzzzz",
    partition: partitionA,
    issuer: iss,
    audience: aud,
    jwks: { keys: keys.map(({ jwk }) => ({ ...jwk })) },
    roleClaim: "groups",
    roleMap: { "hsm-users": "user", "hsm-managers": "manager", "hsm-root": "cluster-officer" },
    grants: [{ keyNames: "app-*" }],
    createdAt: start,
    revision: 1,
    ...change,
  }
  return issuer
}

export const goodClaims = {
  iss,
  aud,
  sub: "carol",
  iat: startS,
  exp: startS + 600,
  groups: ["hsm-users", "staff"],
}

/** A JWT with these claims and header fields instead of the good ones; undefined removes one. */
export async function sign(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const entries: [string, unknown][] = Object.entries({ ...goodClaims, ...claims })
  const jwt = new SignJWT(Object.fromEntries(entries.filter(([, value]) => value !== undefined)))
  jwt.setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
  return jwt.sign(key.privateKey)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** `alg: none` (RFC 7519 section 6): claims without a signature. */
export function unsecured(alg: string): string {
  return `${encode({ alg })}.${encode(goodClaims)}.`
}

/** Signed with HMAC under the issuer's public key, which everybody knows. */
export function confused(key: SigningKey, secret: string): string {
  const body = `${encode({ alg: "HS256", kid: key.kid })}.${encode(goodClaims)}`
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`
}

/** An authenticator with the issuer of one Ed25519 key in partition A. */
export async function jwtFixture(change: Partial<IssuerRecord> = {}) {
  const key = await makeKey("EdDSA", "key-1")
  const served: { document: unknown; fetches: number } = { document: undefined, fetches: 0 }
  const jwks = {
    fetch: async () => {
      served.fetches += 1
      return served.document
    },
  }
  const fixture = authenticatorFixture({ jwks })
  fixture.records.issuers = [issuerOf([key], change)]
  const ask = (bearer: string, partitionHint: string | undefined = partitionA) =>
    fixture.authenticator.authenticate({ bearer, partitionHint, address: here })
  return { ...fixture, key, served, ask }
}

/** The same issuer with its keys behind an address. */
export async function remoteFixture() {
  const fixture = await jwtFixture()
  const [{ jwks: _, ...issuer } = issuerOf([])] = fixture.records.issuers
  fixture.records.issuers = [{ ...issuer, jwksUri: "https://login.example/jwks" }]
  fixture.served.document = { keys: [fixture.key.jwk] }
  return fixture
}
