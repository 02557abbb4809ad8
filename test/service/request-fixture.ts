/** Requests over real records: keys with rules, approvers, and words signed like outside. */

import assert from "node:assert/strict"

import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import type {
  KeyRulesTemplate,
  RequestView,
  SpeakCommand,
} from "../../src/service/quorum-commands.ts"
import type { RequestedCommand } from "../../src/service/requestable.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { readRequest } from "../../src/service/view-request.ts"
import { newApprover, statementFor, type TestApprover } from "../support/approvers.ts"
import { memoryStack } from "../support/stack.ts"

export const minute = 60_000
export const message = Buffer.from("pay 100 to Dora")

export interface RequestFixture {
  readonly made: Awaited<ReturnType<typeof memoryStack>>
  readonly anna: TestApprover
  readonly bo: TestApprover
  readonly cleo: TestApprover
  /** Makes an EC P-256 key with these rules. */
  newKey(rules: KeyRulesTemplate): Promise<string>
  /** Asks, as a user, for a signature over `message`. */
  askToSign(key: string, changed?: object): Promise<RequestView>
  ask(asked: RequestedCommand, as?: Context): Promise<RequestView>
  /** Brings an approver's word on a request as it is now. */
  speak(
    view: RequestView,
    approver: TestApprover,
    word?: SpeakCommand["word"],
  ): Promise<RequestView>
  read(view: RequestView, as?: Context): Promise<RequestView>
}

export async function requestFixture(): Promise<RequestFixture> {
  const made = await memoryStack()
  const { ports } = made.stack
  let count = 0
  const user = made.as("user")
  const ask: RequestFixture["ask"] = (asked, as = user) => makeRequest(ports, as, { asked })
  return {
    made,
    anna: newApprover("Anna"),
    bo: newApprover("Bo"),
    cleo: newApprover("Cleo"),
    async newKey(rules) {
      const template = { name: `key-${count++}`, algorithm: "EC_P256", rules } as const
      return (await createKey(ports, made.as("manager"), template)).id
    },
    askToSign: (key, changed = {}) =>
      ask({ operation: "key.sign", parameters: { key, message, ...changed } }),
    ask,
    async speak(view, approver, word = "approval") {
      const command = wordOf(view, approver, word)
      return await speakOnRequest(ports, made.as("approver"), command)
    },
    read: ({ request }, as = user) => readRequest(ports, as, request.id),
  }
}

/** An approver's word on what a view shows. */
export function wordOf(
  { request, statement }: RequestView,
  { publicKey, mechanism, sign }: TestApprover,
  word: SpeakCommand["word"] = "approval",
): SpeakCommand {
  assert.ok(statement !== undefined, `the request is ${request.state}`)
  const signature = sign(statementFor(word, statement))
  return { request: request.id, word, publicKey, mechanism, signature }
}
