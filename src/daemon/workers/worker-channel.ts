/** A worker's end of the channel to the keyholder. */

import type { Channel } from "./channel.ts"
import type { KeyholderCalls, WorkerCalls } from "./protocol.ts"

export type KeyholderChannel = Pick<Channel<KeyholderCalls, WorkerCalls>, "call">
