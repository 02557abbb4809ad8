/** Rules in files: JSON as the API takes it, where an approver's key may lie in a file beside. */

import type { ApproverRequest, KeyRulesRequest, Rule, RuleRequest } from "@keyhold/sdk"
import { encodeBase64 } from "@keyhold/sdk"
import { readFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { CliError } from "./failure.ts"
import { parseBase64, readAll, type StandardInput } from "./input.ts"

const limit = { bytesMax: 256 * 1024, hint: "rules have at most 64 KiB" }

export const rulesText = `\
The file is JSON: {"use": RULE, "block": RULE, "unblock": RULE, "modify": RULE}. A rule that is
absent asks nobody. RULE is {"tokens": [{"name", "timelockSeconds", "timeoutSeconds", "groups":
[{"name", "quorum", "approvers": [{"name": "Anna", "file": "anna.pem"}]}]}]}: one token suffices,
all groups of a token have to agree, and a rule without tokens never allows anything. A token may
have a budget: {"operations": 100, "periodSeconds": 86400}. anna.pem
holds a public key, or a certificate with its issuers. All of it: docs/operate/quorum.md`

/** Reads the rules of a key. @throws {@link CliError} USAGE */
export async function readKeyRules(path: string, stdin: StandardInput): Promise<KeyRulesRequest> {
  // The node checks what this file does not.
  return (await readJson(path, stdin)) as KeyRulesRequest
}

/** Reads one rule. @throws {@link CliError} USAGE */
export async function readRule(path: string, stdin: StandardInput): Promise<RuleRequest> {
  return (await readJson(path, stdin)) as RuleRequest // The node checks it.
}

async function readJson(path: string, stdin: StandardInput): Promise<unknown> {
  const text = (await readAll(path, stdin, limit)).toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError(
      "USAGE",
      `${path} is not JSON`,
      "keyhold key set-rules --help shows an example",
    )
  }
  return await withKeys(value, path === "-" ? "." : dirname(path))
}

/** Puts keys in the place of the files that are named. */
async function withKeys(value: unknown, folder: string): Promise<unknown> {
  if (Array.isArray(value)) {
    return await Promise.all(value.map((item: unknown) => withKeys(item, folder)))
  }
  if (typeof value !== "object" || value === null) return value
  const { file, ...rest } = value as { readonly file?: unknown }
  if (typeof file === "string") return { ...rest, ...(await readApprover(resolve(folder, file))) }
  const entries = Object.entries(value).map(
    async ([name, item]: [string, unknown]) => [name, await withKeys(item, folder)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

/** An approver's key from a PEM file: a public key, or a chain of certificates. */
async function readApprover(
  path: string,
): Promise<Pick<ApproverRequest, "kind" | "publicKey" | "chain">> {
  const text = await readFile(path, "latin1")
  const found = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g)]
  const blocks = found.map(([, label = "", body = ""]) => ({
    label,
    base64: encodeBase64(parseBase64(Buffer.from(body))),
  }))
  const [first] = blocks
  if (first?.label === "PUBLIC KEY") return { kind: "public-key", publicKey: first.base64 }
  if (first?.label === "CERTIFICATE") {
    return { kind: "certificate", chain: blocks.map(({ base64 }) => base64) }
  }
  const hint = "openssl pkey -in key.pem -pubout makes a PEM of the public key"
  throw new CliError("USAGE", `${path} holds no public key and no certificate`, hint)
}

function describeBudget(budget: Rule["tokens"][number]["budget"]): readonly string[] {
  if (budget === undefined) return []
  const { operations, bytes, periodSeconds } = budget
  const most = [
    ...(operations === undefined ? [] : [`${operations} operations`]),
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
  ]
  return [`for ${most.join(" and ")} in ${periodSeconds}s`]
}

/** A rule in a few words. */
export function describeRule({ tokens }: Rule): string {
  if (tokens.length === 0) return "never"
  return tokens
    .map(({ groups, timelockSeconds, timeoutSeconds, hours, budget }) => {
      const who = groups.map(
        ({ name, quorum, approvers }) => `${quorum} of ${approvers.length} ${name}`,
      )
      const lock = timelockSeconds === 0 ? [] : [`after ${timelockSeconds}s`]
      const end = timeoutSeconds === 0 ? [] : [`within ${timeoutSeconds}s`]
      const when = hours === undefined ? [] : ["in its hours"]
      const asked = who.length === 0 ? ["nobody is asked"] : [who.join(" and ")]
      return [...asked, ...lock, ...end, ...when, ...describeBudget(budget)].join(" ")
    })
    .join(", or ")
}
