/** Approvers by invitation, behind `kh.approvers`: each brings a key, which is his for good. */

import type { InvitedApprover, NamedApprover } from "./api.generated.ts"
import type { Keyhold } from "./keyhold.ts"

export class Approvers {
  readonly #client: Keyhold

  constructor(client: Keyhold) {
    this.#client = client
  }

  /** Invites one; the one-time code in the answer is shown this once. */
  create(name: string): Promise<InvitedApprover> {
    return this.#client.call("createApprover", { body: { name } })
  }

  /** Replaces the code of one who has no key yet. */
  renewCode(name: string): Promise<InvitedApprover> {
    return this.#client.call("renewApproverCode", { params: { approver: name } })
  }

  async list(): Promise<readonly NamedApprover[]> {
    return (await this.#client.call("listApprovers")).items
  }

  /** Rules that hold his key hold it still. */
  async delete(name: string): Promise<void> {
    await this.#client.call("deleteApprover", { params: { approver: name } })
  }
}
