/**
 * What a key signs about a public key: requests for certificates, certificates of its own, and
 * those of others. What is signed is made here, decided on, and then signed by the engine: like any
 * message, but for the name of the operation, which grants can give alone.
 */

import type { MechanismId } from "../domain/algorithms.ts"
import type { CertificateProfile } from "../domain/certificate.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import {
  certificateInfo,
  keyIdentifier,
  requestInfo,
  withSignature,
} from "../engine/certificates/build.ts"
import { signatureIdentifier, usualMechanism } from "../engine/certificates/identifiers.ts"
import { encodeNames, encodeSubject } from "../engine/certificates/names.ts"
import { readCertificate, readRequest, type ReadCertificate } from "../engine/certificates/read.ts"
import * as signatures from "../engine/signature.ts"
import { keyOf, mechanismOf, perform } from "./act.ts"
import type {
  CertificateRequestResult,
  IssueCertificateCommand,
  IssuedCertificateResult,
  RequestCertificateCommand,
  SelfSignCommand,
} from "./certificate-commands.ts"
import { certificatesOf, existing, viewOf } from "./certificates.ts"
import type { Context, KeyRef } from "./commands.ts"
import { findKey } from "./find-key.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a PKCS #10 request for a certificate of the key's current version.
 *
 * @throws HsmError as `sign`; MALFORMED_REQUEST for names that are none.
 */
export async function requestCertificate(
  ports: Ports,
  context: Context,
  command: RequestCertificateCommand,
): Promise<CertificateRequestResult> {
  const { key, mechanism, subject: text, ...profile } = command
  const subject = encodeSubject(text)
  checkNames(profile)
  const ask = { operation: "certificate.request", key, mechanism } as const
  const signed = await signAbout(ports, context, ask, ({ publicKey }) =>
    Promise.resolve(requestInfo(subject, publicKey, profile)),
  )
  const { bytes: request, ...about } = signed
  return { ...about, request }
}

/**
 * Makes a certificate of the key's current version, signed with itself. It is not stored.
 *
 * @throws HsmError as `sign`; MALFORMED_REQUEST; CONFLICT while the node's clock is in doubt.
 */
export async function selfSign(
  ports: Ports,
  context: Context,
  command: SelfSignCommand,
): Promise<IssuedCertificateResult> {
  const { key, mechanism, subject: text, lifeMs, ...profile } = command
  const subject = encodeSubject(text)
  checkNames(profile)
  const validity = validFor(ports, lifeMs)
  const serial = newSerial(ports)
  const ask = {
    operation: "certificate.self-sign",
    key,
    mechanism,
    target: serial.toHex(),
  } as const
  const signed = await signAbout(ports, context, ask, ({ publicKey, signedWith }) => {
    const names = { issuer: subject, subject, issuerKeyId: keyIdentifier(publicKey) }
    const content = { serial, signedWith, ...names, ...validity, publicKey, profile }
    return Promise.resolve(certificateInfo(content))
  })
  return issued(signed, [])
}

/**
 * Certifies the public key of a request under a key that has an authority's certificate beside it.
 * Of the request, subject and names count, unless the caller names others; nothing else does.
 *
 * @throws HsmError as `sign`; MALFORMED_REQUEST for a request that is none, or more than the
 * authority may grant; NOT_FOUND without an authority's certificate; CONFLICT as {@link selfSign}.
 */
export async function issueCertificate(
  ports: Ports,
  context: Context,
  command: IssueCertificateCommand,
): Promise<IssuedCertificateResult> {
  const { key, mechanism, request, subject: text, issuer: wanted, lifeMs, ...asked } = command
  const named = readRequest(request)
  const profile = { ...asked, names: asked.names ?? named.names }
  const subject = text === undefined ? named.subjectName : encodeSubject(text)
  checkNames(profile)
  const validity = validFor(ports, lifeMs)
  const serial = newSerial(ports)
  const ask = { operation: "certificate.issue", key, mechanism, target: serial.toHex() } as const
  let chain: readonly Uint8Array[] = []
  const signed = await signAbout(ports, context, ask, async ({ record, publicKey, signedWith }) => {
    const authority = await authorityOf(ports, record, publicKey, wanted)
    chain = authority.chain
    const { said } = authority
    return certificateInfo({
      serial,
      signedWith,
      issuer: said.subjectName,
      issuerKeyId: said.keyId,
      ...checkedValidity(validity, said, lifeMs !== undefined),
      subject,
      publicKey: named.publicKey,
      profile: withinAuthority(profile, said),
    })
  })
  return issued(signed, chain)
}

/** What is signed is made for. */
interface Signer {
  readonly record: KeyRecord
  readonly publicKey: Uint8Array
  readonly signedWith: Uint8Array
}

interface Signed extends Omit<CertificateRequestResult, "request"> {
  readonly bytes: Uint8Array
}

interface SignAsk {
  readonly operation: "certificate.request" | "certificate.self-sign" | "certificate.issue"
  readonly key: KeyRef
  readonly mechanism: MechanismId | undefined
  readonly target?: string
}

/** Ready to be decided on and signed, or what stands in the way, once it may be told. */
interface Prepared {
  readonly mechanism?: MechanismId | undefined
  readonly version?: number
  readonly info?: Uint8Array
  readonly signedWith?: Uint8Array
  readonly flaw?: HsmError
}

async function signAbout(
  ports: Ports,
  context: Context,
  ask: SignAsk,
  make: (signer: Signer) => Promise<Uint8Array>,
): Promise<Signed> {
  const prepared = await prepare(ports, context, ask, make)
  const { info, signedWith, version } = prepared
  const input = info === undefined ? {} : signatures.coveredInput({ message: info })
  const asked = { ...ask, mechanism: prepared.mechanism, input }
  return await perform(ports, context, asked, async (act) => {
    const key = keyOf(act)
    const mechanism = mechanismOf(act)
    if (prepared.flaw !== undefined) throw prepared.flaw
    if (info === undefined || signedWith === undefined || version === undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", "certificates are of pairs that sign")
    }
    if (currentVersion(key)?.version !== version) {
      throw new HsmError("CONFLICT", "the key was rotated just now; try again")
    }
    const handle = await ports.keys.open(key, version)
    const signature = await signatures.sign(act.permit, handle, { mechanism, message: info })
    const bytes = withSignature(info, signedWith, signature)
    return { keyId: key.id, version, mechanism, bytes }
  })
}

/** Nothing about the key is told before the decision: what is wrong waits until then. */
async function prepare(
  ports: Ports,
  context: Context,
  { key: ref, mechanism: wanted }: SignAsk,
  make: (signer: Signer) => Promise<Uint8Array>,
): Promise<Prepared> {
  await ports.records.sync()
  const record = (await findKey(ports, context, ref))?.key
  const current = record === undefined ? undefined : currentVersion(record)
  if (record === undefined || current?.publicKey === undefined) return { mechanism: wanted }
  const { algorithm } = record
  const { version, publicKey } = current
  const mechanism = wanted ?? usualMechanism(algorithm)
  if (mechanism === undefined) return {}
  const signedWith = signatureIdentifier(algorithm, mechanism)
  if (signedWith === undefined) {
    return { mechanism, flaw: malformed("/mechanism", `${mechanism} signs no certificates`) }
  }
  try {
    const info = await make({ record, publicKey, signedWith })
    return { mechanism, version, info, signedWith }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { mechanism, flaw: error }
  }
}

function issued(
  { bytes, ...about }: Signed,
  chain: readonly Uint8Array[],
): IssuedCertificateResult {
  return { ...about, chain: [bytes, ...chain], said: readCertificate(bytes, "") }
}

/** Errors about names alone, before anything else is looked at. */
function checkNames({ names = {} }: CertificateProfile): void {
  encodeNames(names, false)
}

/** 160 bits, of which 158 are random: RFC 5280 section 4.1.2.2 has 20 bytes, above zero. */
function newSerial({ random }: Ports): Uint8Array {
  const serial = random.bytes(20)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}

interface Period {
  readonly notBefore: Instant
  readonly notAfter: Instant
}

function validFor({ clock }: Ports, lifeMs: number = limits.certificateLifeDefaultMs): Period {
  if (!clock.isSure()) {
    throw new HsmError("CONFLICT", "the node's clock is in doubt: it dates no certificate now", {
      retryAfterSeconds: 60,
    })
  }
  if (lifeMs < 1_000 || lifeMs > limits.certificateLifeMaxMs) {
    throw malformed("/lifeSeconds", "a certificate lives for a second to 30 years")
  }
  const notBefore = (Math.floor(clock.now() / 1_000) * 1_000) as Instant
  return { notBefore, notAfter: (notBefore + lifeMs) as Instant }
}

/** The issuing key's own certificate, which has to allow issuing. */
async function authorityOf(
  ports: Ports,
  key: KeyRecord,
  publicKey: Uint8Array,
  wanted: string | undefined,
): Promise<{ readonly chain: readonly Uint8Array[]; readonly said: ReadCertificate }> {
  const records =
    wanted === undefined
      ? (await certificatesOf(ports, key)).toSorted((a, b) => b.createdAt - a.createdAt)
      : [await existing(ports, key, wanted)]
  const isOurs = (said: ReadCertificate): boolean =>
    said.authority && Buffer.compare(said.publicKey, publicKey) === 0
  const found = records.map(viewOf).find(({ said }) => isOurs(said))
  if (found !== undefined) return { chain: found.record.chain, said: found.said }
  throw new HsmError(
    "NOT_FOUND",
    "no authority's certificate of the current version lies beside it",
  )
}

/** As long as asked for within its authority's own validity; unasked, no longer than that. */
function checkedValidity(
  { notBefore, notAfter }: Period,
  authority: ReadCertificate,
  asked: boolean,
): Period {
  if (authority.notBefore > notBefore || notBefore >= authority.notAfter) {
    throw malformed("/issuer", "the authority's own certificate is not valid now")
  }
  if (notAfter <= authority.notAfter) return { notBefore, notAfter }
  if (!asked) return { notBefore, notAfter: authority.notAfter }
  throw malformed("/lifeSeconds", "the authority's own certificate is not valid for so long")
}

/** An authority below another one has a shorter path: RFC 5280 section 4.2.1.9. */
function withinAuthority(profile: CertificateProfile, above: ReadCertificate): CertificateProfile {
  const { authority } = profile
  if (authority === undefined || above.pathLength === undefined) return profile
  const most = above.pathLength - 1
  if (most < 0 || (authority.pathLength ?? 0) > most) {
    throw malformed("/authority", "the authority's own path allows no such authority below it")
  }
  return { ...profile, authority: { pathLength: authority.pathLength ?? most } }
}

function malformed(field: string, message: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", message, { field })
}
