/** Approver management, and the way of an approver to his key. */

import { encodeBase64 } from "../../../codec/base64.ts"
import type { KeyAlgorithmId } from "../../../domain/algorithms.ts"
import { HsmError } from "../../../domain/errors.ts"
import { dayMs, limits } from "../../../domain/limits.ts"
import type { ApproverBinding, PrincipalRecord } from "../../../domain/principal.ts"
import {
  createApprover,
  deleteApprover,
  listApprovers,
  renewOneTimeCode,
} from "../../../service/approvers.ts"
import type { MakeKeyCommand } from "../../../service/govern-commands.ts"
import { onboardApprover } from "../../../service/onboard-approver.ts"
import { count, need, password, shortText, text, type Input } from "../../shapes.ts"
import { readDerText } from "../certificate.ts"
import { Fault, type Reason } from "../fault.ts"
import { bare, operation, type Operation } from "../operation.ts"

const invitation = {
  approverName: need(shortText),
  algorithm: text,
  keySize: count,
  // Present: the node makes the key, and puts it into a file under this password.
  backupPassword: password,
  /** Days. */
  validity: count,
} as const

/** What the original makes, by its bits. */
const algorithms: Readonly<Record<number, KeyAlgorithmId>> = {
  2048: "RSA_2048",
  3072: "RSA_3072",
  4096: "RSA_4096",
}

export const approverRoutes = {
  "POST /approverManagement/create": operation(invitation, async (call, input) => {
    const command = { name: input.approverName, making: makingOf(input) }
    const { code } = await telling(createApprover(call.ports, call.context, command))
    return { oneTimeCode: code }
  }),
  "POST /approverManagement/renewOneTimeCode": operation(
    { approverName: need(shortText) },
    async (call, { approverName }) => {
      const { code } = await telling(renewOneTimeCode(call.ports, call.context, approverName))
      return { oneTimeCode: code }
    },
  ),
  "GET /approverManagement/onboarding/status": bare(async ({ ports, context }) => {
    const all = await listApprovers(ports, context)
    return { onboarded: all.flatMap(renderOnboarded), pending: all.flatMap(renderPending) }
  }),
  "DELETE /approverManagement/delete/{}": bare(async ({ ports, context, parameter }) => {
    await telling(deleteApprover(ports, context, parameter))
    return undefined
  }),
  "POST /approver/onboard": byCode(
    operation(
      {
        approverName: need(shortText),
        oneTimeCode: need(shortText),
        transportPassword: password,
        // Ours: the key is his own, and no server has seen it.
        certificateSigningRequest: text,
      },
      async (call, { approverName: name, oneTimeCode: code, ...input }) => {
        const { transportPassword, certificateSigningRequest: csr } = input
        const at = "/certificateSigningRequest"
        const request = csr === undefined ? undefined : readDerText(csr, "request", at)
        const command = { name, code, request, transportPassword }
        const { key, file } = await telling(onboardApprover(call.ports, call.context, command), {
          UNAUTHENTICATED: "invalid.onetimepassword",
          // The clock is in doubt.
          CONFLICT: "subsystem",
        })
        if (file !== undefined) {
          return {
            encryptedPayload: encodeBase64(file.ciphertext),
            initializationVector: encodeBase64(file.iv),
          }
        }
        const { fingerprint } = key
        return { encryptedPayload: null, initializationVector: null, fingerprint }
      },
    ),
  ),
} as const satisfies Record<string, Operation>

/** Whoever has a code needs no other credential, where the request names the partition. */
function byCode(one: Operation): Operation {
  return { ...one, byKey: true }
}

/** Undefined: the approver brings his key, and what is said about one is of no matter. */
function makingOf(input: Input<typeof invitation>): MakeKeyCommand | undefined {
  const { algorithm = "RSA", keySize = 3072, backupPassword = "", validity } = input
  if (backupPassword === "") return undefined
  if (algorithm !== "RSA") {
    throw new Fault("unsupported.approver.key.type", "keys that are made for approvers are of RSA")
  }
  const made = algorithms[keySize]
  if (made === undefined) throw new Fault("keysize", "keys of RSA have 2048, 3072 or 4096 bits")
  const lifeMs = validity === undefined ? limits.certificateLifeDefaultMs : validity * dayMs
  return { algorithm: made, lifeMs, password: backupPassword }
}

type Shown = Pick<PrincipalRecord, "name"> & { readonly approver: ApproverBinding }

function renderOnboarded({ name: approverName, approver: { key, origin } }: Shown): object[] {
  if (key === undefined) return []
  const { chain: [own] = [], publicKey, fingerprint } = key
  return [
    {
      approverName,
      approverCertificate: own === undefined ? null : encodeBase64(own),
      approverPublicKey: encodeBase64(publicKey),
      fingerprint,
      keySeenByServer: origin === "made",
    },
  ]
}

function renderPending({ name: approverName, approver: { invitation: given } }: Shown): object[] {
  if (given === undefined) return []
  return [{ approverName, expirationTime: new Date(given.expiresAt).toISOString() }]
}

/** What the dialect has numbers for. */
const told: Readonly<Record<string, Reason>> = {
  NAME_TAKEN: "approver.existing",
  CONFLICT: "approver.existing",
  NOT_FOUND: "approver.not.existent",
}

async function telling<T>(work: Promise<T>, more: typeof told = {}): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const { code, detail, message } = error
    const reason = more[code] ?? told[code]
    if (reason !== undefined) throw new Fault(reason, message)
    if (detail.field === "/request") throw new Fault("csr", message)
    throw error
  }
}
