/** The dialects beside Keyhold's own: whose a request is, and how each says no. */

import { ownsAwsKms, refuseAwsKms } from "../faces/aws-kms/face.ts"
import type { Dialect } from "../faces/message.ts"
import { ownsTsb, refuseTsb } from "../faces/tsb/face.ts"
import { ownsTsp, refuseTsp } from "../faces/tsp/face.ts"
import { ownsXks, refuseXks } from "../faces/xks/face.ts"

type Edge = Omit<Dialect, "answer">

export const awsKms: Edge = { owns: ownsAwsKms, refuse: refuseAwsKms }
export const xks: Edge = { owns: ownsXks, refuse: refuseXks }
export const tsb: Edge = { owns: ownsTsb, refuse: refuseTsb }
export const tsp: Edge = { owns: ownsTsp, refuse: refuseTsp }

/** In the order in which they are asked. */
export const otherDialects: readonly Edge[] = [awsKms, xks, tsb, tsp]
