/** Who a caller is in AWS's words. */

import { userArn } from "../../codec/user-arn.ts"
import type { Call } from "./operation.ts"

export function callerArn({ context: { caller }, place: { account } }: Call): string {
  return userArn(account, caller)
}
