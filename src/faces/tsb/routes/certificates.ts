/** Certificates: requested, self-signed, issued, kept beside their key. */

import { HsmError } from "../../../domain/errors.ts"
import { limits } from "../../../domain/limits.ts"
import type {
  CertificateView,
  IssueCertificateCommand,
  RequestCertificateCommand,
  SelfSignCommand,
} from "../../../service/certificate-commands.ts"
import {
  deleteCertificate,
  listCertificates,
  storeCertificate,
} from "../../../service/certificates.ts"
import type { KeyRef } from "../../../service/commands.ts"
import {
  issueCertificate,
  requestCertificate,
  selfSign,
} from "../../../service/issue-certificate.ts"
import {
  certificateMechanism,
  certificatePem,
  lifeOf,
  profileMembers,
  profileOf,
  readDerText,
  requestPem,
  subjectOf,
  type ProfileInput,
} from "../certificate.ts"
import { Fault, invalid } from "../fault.ts"
import { wholeKey } from "../labels.ts"
import { bare, creating, Download, operation, type Call, type Operation } from "../operation.ts"
import { checkRequestSignature, requestSignature } from "../request-signature.ts"
import { bytes, list, need, object, password, text } from "../../shapes.ts"
import { ask } from "./requests.ts"
import { refuseUnserved } from "./use.ts"

const signed = {
  signKeyName: need(text),
  keyPassword: password,
  signatureAlgorithm: need(text),
  signedApprovals: list(bytes),
  ...profileMembers,
} as const
const issued = { ...signed, certificateSigningRequest: need(text) } as const
const signedRequest = object(signed)
const issuedRequest = object(issued)
type Signed = ReturnType<typeof signedRequest.read>

export const certificateRoutes = {
  "GET /certificate/{}": bare(async (call) => {
    const [newest] = await certificatesOf(call, signerIn(call.parameter))
    if (newest === undefined) throw none()
    return shown(call.parameter, newest.record.chain)
  }),
  "DELETE /certificate/{}": bare(async (call) => {
    const key = signerIn(call.parameter)
    const all = await certificatesOf(call, key)
    if (all.length === 0) throw none()
    for (const { id: certificate } of all) {
      await deleteCertificate(call.ports, call.context, { key, certificate })
    }
    return undefined
  }),
  "POST /certificate/import/plain": operation(
    { label: need(text), certificate: need(text) },
    async (call, { label, certificate }) => {
      const der = readDerText(certificate, "certificate", "/certificate")
      await keep(call, signerIn(label), der)
      return shown(label, [der])
    },
  ),
  "POST /certificate/synchronous/selfsign": operation(signed, async (call, input) => {
    const { chain } = await telling(selfSign(call.ports, call.context, selfSigning(call, input)))
    return shown(input.signKeyName, chain)
  }),
  "POST /certificate/synchronous/request": operation(signed, async (call, input) => ({
    label: input.signKeyName,
    certificateSigningRequest: await request(call, input),
  })),
  "POST /certificate/synchronous/request/download": operation(signed, async (call, input) => {
    const { signKeyName: label } = input
    const pem = await request(call, input)
    return new Download("application/x-pem-file", `${label}.csr`, pem)
  }),
  "POST /certificate/synchronous/sign": operation(issued, async (call, input) => {
    const { chain } = await telling(issueCertificate(call.ports, call.context, issuing(input)))
    return shown(input.signKeyName, chain)
  }),
  "POST /certificate/selfsign": creating(
    operation(
      { selfSignCertificateRequest: need(signedRequest), requestSignature },
      async (call, { selfSignCertificateRequest: input, requestSignature: by }) => {
        checkRequestSignature(call, "selfSignCertificateRequest", by)
        const parameters = selfSigning(call, input)
        return await asking(ask(call, { operation: "certificate.self-sign", parameters }))
      },
    ),
  ),
  "POST /certificate/request": creating(
    operation(
      { csrSignRequest: need(signedRequest), requestSignature },
      async (call, { csrSignRequest: input, requestSignature: by }) => {
        checkRequestSignature(call, "csrSignRequest", by)
        const parameters = requesting(input)
        return await asking(ask(call, { operation: "certificate.request", parameters }))
      },
    ),
  ),
  "POST /certificate/sign": creating(
    operation(
      { signCertificateRequest: need(issuedRequest), requestSignature },
      async (call, { signCertificateRequest: input, requestSignature: by }) => {
        checkRequestSignature(call, "signCertificateRequest", by)
        const parameters = issuing(input)
        return await asking(ask(call, { operation: "certificate.issue", parameters }))
      },
    ),
  ),
} as const satisfies Record<string, Operation>

async function asking(id: Promise<string>): Promise<object> {
  return { signRequestId: await telling(id) }
}

async function request({ ports, context }: Call, input: Signed): Promise<string> {
  const { request: der } = await telling(requestCertificate(ports, context, requesting(input)))
  return requestPem(der)
}

function requesting(input: Signed): RequestCertificateCommand {
  return { ...signerOf(input), ...profileOf(input), subject: neededSubject(input) }
}

function selfSigning({ context }: Call, input: Signed): SelfSignCommand {
  if (input.validity === undefined) throw invalid("/validity is missing")
  return {
    ...signerOf(input),
    ...profileOf(input),
    ...authorityOf(input),
    ...lifeOf(input),
    subject: neededSubject(input),
    // What a key's certificates say is for managers to decide; others get it and no more.
    ...(context.caller.roles.includes("manager") ? { keep: true } : {}),
  }
}

function issuing(input: ReturnType<typeof issuedRequest.read>): IssueCertificateCommand {
  const subject = subjectOf(input)
  const at = "/certificateSigningRequest"
  return {
    ...signerOf(input),
    ...profileOf(input),
    ...authorityOf(input),
    ...lifeOf(input),
    request: readDerText(input.certificateSigningRequest, "request", at),
    ...(subject === undefined ? {} : { subject }),
  }
}

function authorityOf({ certificateAuthority }: ProfileInput) {
  return certificateAuthority === true ? { authority: {} } : {}
}

function signerOf(input: Signed): Pick<RequestCertificateCommand, "key" | "mechanism"> {
  refuseUnserved(input)
  const mechanism = certificateMechanism(input.signatureAlgorithm)
  return { key: signerIn(input.signKeyName), mechanism }
}

function neededSubject(input: ProfileInput): string {
  const subject = subjectOf(input)
  if (subject !== undefined) return subject
  throw invalid("commonName or standardCertificateAttributes is missing")
}

function signerIn(label: string): string {
  return wholeKey(label, "a seed's paths have no certificates")
}

function shown(label: string, [own = new Uint8Array()]: readonly Uint8Array[]): object {
  return { label, certificate: certificatePem(own) }
}

function none(): Fault {
  return new Fault("key.not.existent", "no certificate lies beside the key")
}

/** Every certificate of a key, newest first. */
async function certificatesOf(
  { ports, context }: Call,
  key: KeyRef,
): Promise<readonly CertificateView[]> {
  const page = { key, limit: limits.certificatesPerKeyMax }
  const { items } = await listCertificates(ports, context, page)
  return items.toSorted((one, other) => other.record.createdAt - one.record.createdAt)
}

/** Once: to bring it again is no fault in this dialect. */
async function keep(call: Call, key: string, der: Uint8Array): Promise<void> {
  const { ports, context } = call
  try {
    await telling(storeCertificate(ports, context, { key, chain: [der] }))
  } catch (error) {
    if (!(error instanceof HsmError) || error.code !== "CONFLICT") throw error
    const isThere = ({ record: { chain } }: CertificateView) =>
      Buffer.compare(chain[0] ?? new Uint8Array(), der) === 0
    if (!(await certificatesOf(call, key)).some(isThere)) throw error
  }
}

/** What the dialect has numbers for. */
async function telling<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const { code, detail, message } = error
    if (code === "NOT_FOUND") throw new Fault("invalid.certificate", message)
    if (detail.field === "/request") throw new Fault("csr", message)
    if (detail.field?.startsWith("/chain") === true) {
      throw new Fault("invalid.certificate", message)
    }
    throw error
  }
}
