/**
 * What a key signs about a public key: requests for certificates, certificates of its own, and
 * those of others.
 */

import type { CertificateProfile } from "../domain/certificate.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { OperationId } from "../domain/operation.ts"
import {
  certificateInfo,
  keyIdentifier,
  requestInfo,
  withSignature,
} from "../engine/certificates/build.ts"
import { encodeNames, encodeSubject } from "../engine/certificates/names.ts"
import { readCertificate, readRequest, type ReadCertificate } from "../engine/certificates/read.ts"
import { concluding, type Act } from "./act.ts"
import type {
  CertificateRequestResult,
  IssueCertificateCommand,
  IssuedCertificateResult,
  PinnedCertificate,
  RequestCertificateCommand,
  SelfSignCommand,
} from "./certificate-commands.ts"
import { existing, newestCertificates, storeCertificate, viewOf } from "./certificates.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { notSigning, prepareMade, signMade, type MadePlan } from "./sign-made.ts"
import { refuseUnlessSure } from "./sure-clock.ts"

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
  const { bytes: request, ...about } = await signAbout(ports, context, planRequest(ports, command))
  return { ...about, request }
}

function planRequest(_ports: Ports, command: RequestCertificateCommand): Plan {
  const { key, mechanism, pinned, subject: text, ...profile } = command
  const subject = encodeSubject(text)
  checkNames(profile)
  return {
    ask: { operation: "certificate.request", key, mechanism },
    pinned,
    fixed: {},
    make: ({ publicKey }) => Promise.resolve(requestInfo(subject, publicKey, profile)),
  }
}

/**
 * Makes a certificate of the key's current version, signed with itself. It is stored where that is
 * asked for, and its caller may store one.
 *
 * @throws HsmError as `sign`; MALFORMED_REQUEST; CONFLICT while the node's clock is in doubt; with
 * `keep`, as `storeCertificate`.
 */
export async function selfSign(
  ports: Ports,
  context: Context,
  command: SelfSignCommand,
): Promise<IssuedCertificateResult> {
  const keep = async (act: Act, signed: Signed): Promise<void> => {
    const chain = [signed.bytes]
    // Together with the end of the request that it runs under: it is kept once, too.
    await storeCertificate(ports, context, { key: command.key, chain }, (transaction) =>
      concluding(act, transaction, issued(signed, [])),
    )
  }
  const plan = planSelfSign(ports, command)
  return issued(await signAbout(ports, context, plan, command.keep === true ? keep : undefined), [])
}

function planSelfSign(ports: Ports, command: SelfSignCommand): Plan {
  const { key, mechanism, pinned, subject: text, lifeMs, keep: _keep, ...profile } = command
  const subject = encodeSubject(text)
  checkNames(profile)
  const { serial, validity, fixed } = drawn(ports, pinned, lifeMs)
  return {
    ask: { operation: "certificate.self-sign", key, mechanism, target: serial.toHex() },
    pinned,
    fixed,
    make: ({ publicKey, signedWith }) => {
      const names = { issuer: subject, subject, issuerKeyId: keyIdentifier(publicKey) }
      const content = { serial, signedWith, ...names, ...validity, publicKey, profile }
      return Promise.resolve(certificateInfo(content))
    },
  }
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
  const above: Above = { chain: [] }
  return issued(await signAbout(ports, context, planIssue(ports, command, above)), above.chain)
}

/** Certificates of the authority, once they are known. */
interface Above {
  chain: readonly Uint8Array[]
}

function planIssue(
  ports: Ports,
  command: IssueCertificateCommand,
  above: Above = { chain: [] },
): Plan {
  const { key, mechanism, pinned, request, subject: text, issuer: wanted, ...rest } = command
  const { lifeMs, ...asked } = rest
  const named = readRequest(request)
  const profile = { ...asked, names: asked.names ?? named.names }
  const subject = text === undefined ? named.subjectName : encodeSubject(text)
  checkNames(profile)
  const { serial, validity, fixed } = drawn(ports, pinned, lifeMs)
  return {
    ask: { operation: "certificate.issue", key, mechanism, target: serial.toHex() },
    pinned,
    fixed,
    make: async ({ record, publicKey, signedWith }) => {
      const authority = await authorityOf(ports, record, publicKey, wanted)
      above.chain = authority.chain
      const { said } = authority
      const period = { ...validity, now: ports.clock.now(), asked: lifeMs !== undefined }
      return certificateInfo({
        serial,
        signedWith,
        issuer: said.subjectName,
        issuerKeyId: said.keyId,
        ...checkedValidity(period, said),
        subject,
        publicKey: named.publicKey,
        profile: withinAuthority(profile, said),
      })
    },
  }
}

const plans = {
  "certificate.request": planRequest,
  "certificate.self-sign": planSelfSign,
  "certificate.issue": planIssue,
} as const

/**
 * Fixes the bytes that will be signed: what is made again at execution has to be equal. Of other
 * commands nothing.
 *
 * @returns the command, and what stands in the way, once it may be told.
 * @throws HsmError MALFORMED_REQUEST, CONFLICT as the operation itself.
 */
export async function pinCertificate(
  ports: Ports,
  context: Context,
  id: OperationId,
  parameters: object,
): Promise<{ readonly parameters: object; readonly flaw?: HsmError | undefined }> {
  if (!Object.hasOwn(plans, id)) return { parameters }
  // The command is of the operation that it was asked for.
  const planned = plans[id as keyof typeof plans] as (ports: Ports, command: object) => Plan
  const plan = planned(ports, parameters)
  const { info, flaw, mechanism } = await prepareMade(ports, context, plan)
  if (info === undefined) return { parameters, flaw: flaw ?? notSigning() }
  return { parameters: { ...parameters, mechanism, pinned: { ...plan.fixed, info } } }
}

/** A certificate, or a request for one, before it is known of which key. */
interface Plan extends MadePlan {
  readonly pinned: PinnedCertificate | undefined
  /** What is drawn or read off the clock for it. */
  readonly fixed: Omit<PinnedCertificate, "info">
}

interface Signed extends Omit<CertificateRequestResult, "request"> {
  readonly bytes: Uint8Array
}

async function signAbout(
  ports: Ports,
  context: Context,
  plan: Plan,
  keep?: (act: Act, signed: Signed) => Promise<void>,
): Promise<Signed> {
  return await signMade(ports, context, plan, async (act, made) => {
    const { info, signedWith, signature, ...about } = made
    const signed = { ...about, bytes: withSignature(info, signedWith, signature) }
    await keep?.(act, signed)
    return signed
  })
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

/** What a certificate has from chance and the clock: again, where that was pinned. */
function drawn(ports: Ports, pinned: PinnedCertificate | undefined, lifeMs: number | undefined) {
  const validity = validFor(ports, pinned, lifeMs)
  const serial = pinned?.serial ?? newSerial(ports)
  return { serial, validity, fixed: { serial, notBefore: validity.notBefore } }
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

function validFor(
  ports: Ports,
  pinned: PinnedCertificate | undefined,
  lifeMs: number = limits.certificateLifeDefaultMs,
): Period {
  refuseUnlessSure(ports, "dates no certificate")
  if (lifeMs < 1_000 || lifeMs > limits.certificateLifeMaxMs) {
    throw malformed("/lifeSeconds", "a certificate lives for a second to 30 years")
  }
  const now = ports.clock.now()
  const notBefore = pinned?.notBefore ?? ((Math.floor(now / 1_000) * 1_000) as Instant)
  const notAfter = (notBefore + lifeMs) as Instant
  if (notAfter <= now) throw malformed("/lifeSeconds", "its time has passed")
  return { notBefore, notAfter }
}

/** The issuing key's own certificate, which has to allow issuing. */
async function authorityOf(
  ports: Ports,
  key: KeyRecord,
  publicKey: Uint8Array,
  wanted: string | undefined,
): Promise<{ readonly chain: readonly Uint8Array[]; readonly said: ReadCertificate }> {
  const views =
    wanted === undefined
      ? await newestCertificates(ports, key)
      : [viewOf(await existing(ports, key, wanted))]
  const isOurs = (said: ReadCertificate): boolean =>
    said.authority && Buffer.compare(said.publicKey, publicKey) === 0
  const found = views.find(({ said }) => isOurs(said))
  if (found !== undefined) return { chain: found.record.chain, said: found.said }
  throw new HsmError(
    "NOT_FOUND",
    "no authority's certificate of the current version lies beside it",
  )
}

/** As long as asked for within its authority's own validity; unasked, no longer than that. */
function checkedValidity(
  { notBefore, notAfter, now, asked }: Period & { readonly now: Instant; readonly asked: boolean },
  authority: ReadCertificate,
): Period {
  if (authority.notBefore > notBefore || Math.max(now, notBefore) >= authority.notAfter) {
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
