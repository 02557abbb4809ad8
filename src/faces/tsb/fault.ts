/** The one error of this face: a reason of the TSB, with the number that its clients look at. */

interface ReasonRow {
  /** `errorCode` on the wire. */
  readonly number: number
  readonly status: number
}

/** Every reason that this face answers with. */
export const reasons = {
  "not.allowed": { number: 400, status: 403 },
  "missing.approval": { number: 401, status: 403 },
  "invalid.certificate": { number: 402, status: 400 },
  "invalid.signature": { number: 403, status: 400 },
  "timestamp.off": { number: 404, status: 400 },
  "timestamp.signer.not.allowed": { number: 405, status: 403 },
  "missing.access.token": { number: 406, status: 401 },
  "decrypt.failed": { number: 410, status: 400 },
  "invalid.onetimepassword": { number: 412, status: 400 },
  "client.subscription": { number: 450, status: 403 },
  "endpoint.not.licensed": { number: 451, status: 501 },
  "input.validation.failed": { number: 600, status: 400 },
  "unsupported.approver.key.type": { number: 601, status: 400 },
  keysize: { number: 603, status: 400 },
  "key.attributes.invalid": { number: 606, status: 400 },
  "algorithm.not.supported.by.key": { number: 607, status: 400 },
  "key.already.existing": { number: 608, status: 409 },
  "unsupported.operation": { number: 611, status: 400 },
  payload: { number: 612, status: 413 },
  "key.type": { number: 613, status: 400 },
  "operation.forbidden.for.key": { number: 614, status: 403 },
  "data.object.already.existing": { number: 615, status: 409 },
  "invalid.access.token": { number: 617, status: 401 },
  "key.password.mismatch": { number: 620, status: 400 },
  json: { number: 621, status: 400 },
  taglength: { number: 624, status: 400 },
  "key.encoding": { number: 625, status: 400 },
  csr: { number: 628, status: 400 },
  "address.on.non.ska.key": { number: 630, status: 400 },
  // Clients that hold several API keys go on to the next one at this number.
  "invalid.api.key": { number: 631, status: 401 },
  "approver.existing": { number: 632, status: 409 },
  "key.not.existent": { number: 650, status: 404 },
  "request.not.existent": { number: 651, status: 404 },
  "task.not.existent": { number: 652, status: 404 },
  "data.object.not.existent": { number: 653, status: 404 },
  "approver.not.existent": { number: 654, status: 404 },
  subsystem: { number: 700, status: 503 },
  "in.hsm": { number: 701, status: 500 },
} as const satisfies Record<string, ReasonRow>
export type Reason = keyof typeof reasons

/** A reason to answer with. */
export class Fault extends Error {
  override readonly name = "Fault"
  readonly reason: Reason
  /** Where HTTP has a better word for it than the reason's own. */
  readonly status: number

  constructor(reason: Reason, message: string, status: number = reasons[reason].status) {
    super(message)
    this.reason = reason
    this.status = status
  }
}

/** What no shape expresses. */
export function invalid(message: string): Fault {
  return new Fault("input.validation.failed", message)
}
