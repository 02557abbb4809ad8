/** Who a caller is in AWS's words. */

import type { Caller } from "../../domain/principal.ts"
import type { Call } from "./operation.ts"

/** A principal is a user of his account; one without a name comes from elsewhere. */
export function userArn(
  account: string,
  { name, subject }: Pick<Caller, "name" | "subject">,
): string {
  return name === undefined
    ? `arn:aws:sts::${account}:federated-user/${subject}`
    : `arn:aws:iam::${account}:user/${name}`
}

export function callerArn({ context: { caller }, place: { account } }: Call): string {
  return userArn(account, caller)
}
