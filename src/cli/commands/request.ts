/** `keyhold request ...` and `keyhold approve`: what waits, and what approvers say to it. */

import {
  encodeBase64,
  isOpen,
  statementOf,
  wordOn,
  type BroughtApproval,
  type Keyhold,
  type MakeCallRequest,
  type Request,
  type RequestedOperation,
  type StampedCall,
  type WordRequest,
} from "@keyhold/sdk"
import { readFile, writeFile } from "node:fs/promises"
import { decodeBase64 } from "../../codec/base64.ts"
import type { CliContext, Command, OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import { passwordOption, readPassword } from "../password.ts"
import { requestColumns, requestFields } from "../asking.ts"
import { describeStatement } from "../statement.ts"
import { requestStates as states, type ApproverWord } from "../vocabulary.ts"

const signOptions: readonly OptionRow[] = [
  ["--yes", "do not ask: for who has read it elsewhere"],
  passwordOption,
]
const keyOption: OptionRow = ["--key-file <file>", "your private key, PEM; it stays here"]

export const requestCommands: readonly Command[] = [
  {
    usage: "approve <request>",
    summary: "Show what is asked for, and approve it with your own key",
    description:
      "What is shown is decoded from the very bytes that are signed. <request> is an id, or a " +
      "file of keyhold request save or of --stamp; then the signed word goes to standard " +
      "output or --output, and keyhold request submit brings it.",
    required: [keyOption],
    options: [...signOptions, ["-o, --output <file>", "of a file: where the signed word goes"]],
    example: "keyhold approve 01k2v7x9q4m8w3r5t6y1z0a2bc --key-file anna.key",
    run: (context, input) => speak(context, input, "approval"),
  },
  {
    usage: "call <file>",
    summary: "Do what --stamp wrote to a file, with the approvals that it needs",
    description:
      "At once, without a request: the file comes from --stamp, each approval from keyhold " +
      "approve of that file. They are good for once. Nothing is used up where the node refuses.",
    required: [["--approval <file...>", "a signed word of keyhold approve; one for each approver"]],
    options: [["-o, --output <file>", "write what comes out there, once it is complete"]],
    example: "keyhold call pay.call --approval anna.word --approval bo.word > invoice.sig",
    async run(context, input) {
      const call = await readCall(input.text("file"))
      const approvals = await Promise.all(
        (input.list("approval") ?? []).map((path) => readApproval(path, call.id)),
      )
      const kh = await context.connect()
      const { asked, stamp } = call
      const { result } = await kh.call("makeCall", { body: { asked, stamp, approvals } })
      await writeResult(context, input, result)
    },
  },
  {
    usage: "request list",
    summary: "List requests: your own, or those that you may approve",
    options: [
      ["--state <state>", `one of ${states.join(", ")}`],
      ["--key <id>", "on one key, by its id"],
      limitOption,
    ],
    example: "keyhold request list --state pending",
    async run({ out, connect }, input) {
      const filters = { state: input.oneOf("state", states), key: input.maybe("key") }
      const kh = await connect()
      await out.table(await collectItems(kh.requests.list(filters), input), requestColumns)
    },
  },
  {
    usage: "request show <request>",
    summary: "Show a request, what it is about and how far it is",
    example: "keyhold request show 01k2v7x9q4m8w3r5t6y1z0a2bc",
    async run({ out, connect }, input) {
      const kh = await connect()
      const request = await kh.requests.get(input.text("request"))
      await out.record(request, requestFields)
      if (!out.json && isOpen(request)) await showStatement({ out }, statementOf(request))
    },
  },
  {
    usage: "request watch",
    summary: "Show requests as they change, until interrupted",
    options: [["--seconds <number>", "end after so many, at most 60"]],
    example: "keyhold request watch",
    async run({ out, connect }, input) {
      const seconds = input.integer("seconds")
      const kh = await connect()
      const changes =
        seconds === undefined ? kh.requests.watch() : kh.requests.watchOnce({ seconds })
      for await (const request of changes) {
        if (out.json) await out.text(`${JSON.stringify(request)}\n`)
        else await out.text(`${line(request)}\n`)
      }
    },
  },
  {
    usage: "request result <request>",
    summary: "Wait until your request has been executed, and write what came out of it",
    options: [["-o, --output <file>", "write there, once it is complete"]],
    example: "keyhold request result 01k2v7x9q4m8w3r5t6y1z0a2bc > report.sig",
    async run(context, input) {
      const kh = await context.connect()
      const { result, state, failure } = await kh.requests.ended(input.text("request"))
      if (result === undefined) {
        throw new CliError("FAILED", failure?.detail ?? `the request is ${state}`)
      }
      await writeResult(context, input, result)
    },
  },
  ...(["reject", "stop"] as const).map((step): Command => {
    const [word, summary] =
      step === "reject"
        ? (["rejection", "Say no to a request, with your own key"] as const)
        : (["cancellation", "Stop a request before it is done, with your own key"] as const)
    return {
      usage: `request ${step} <request>`,
      summary,
      required: [keyOption],
      options: [...signOptions, ["-o, --output <file>", "of a file: where the signed word goes"]],
      example: `keyhold request ${step} 01k2v7x9q4m8w3r5t6y1z0a2bc --key-file anna.key`,
      run: (context, input) => speak(context, input, word),
    }
  }),
  {
    usage: "request cancel <request>",
    summary: "Take your own request back",
    example: "keyhold request cancel 01k2v7x9q4m8w3r5t6y1z0a2bc",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.record(await kh.requests.cancel(input.text("request")), requestFields)
    },
  },
  {
    usage: "request save <request> <file>",
    summary: "Write a request to a file, to be signed on another machine",
    example: "keyhold request save 01k2v7x9q4m8w3r5t6y1z0a2bc pay.request",
    async run({ out, connect }, input) {
      const kh = await connect()
      const request = await kh.requests.get(input.text("request"))
      const statement = encodeBase64(statementOf(request))
      const file = { format: "keyhold-request", id: request.id, statement }
      await writeFile(input.text("file"), `${JSON.stringify(file)}\n`)
      out.note("Carry it to your key: keyhold approve FILE --key-file KEY --output WORD")
    },
  },
  {
    usage: "request submit <file>",
    summary: "Bring a word that was signed on another machine",
    example: "keyhold request submit pay.word",
    async run({ out, connect }, input) {
      const { id, ...word } = await readWord(input.text("file"))
      const kh = await connect()
      await out.record(await kh.requests.speak(id, word), requestFields)
    },
  },
]

/** Shows, asks, signs; brings the word, or writes it where the request came from a file. */
async function speak(context: CliContext, input: Input, word: ApproverWord): Promise<void> {
  const named = input.text("request")
  const offline = /[./]/.test(named)
  const { id, statement } = offline ? await readRequest(named) : await fetchRequest(context, named)
  await showStatement(context, statement)
  await confirm(context, input, word)
  const signed = await signWord(context, input, { word, statement })
  if (!offline) {
    const kh: Keyhold = await context.connect()
    await context.out.record(await kh.requests.speak(id, signed), requestFields)
    return
  }
  const text = `${JSON.stringify({ format: "keyhold-word", id, ...signed })}\n`
  const path = input.maybe("output")
  if (path === undefined) await context.out.text(text)
  else await writeFile(path, text)
}

async function fetchRequest({ connect }: CliContext, id: string) {
  const kh = await connect()
  const request = await kh.requests.get(id)
  return { id, statement: statementOf(request) }
}

async function signWord(
  context: CliContext,
  input: Input,
  { word, statement }: { readonly word: ApproverWord; readonly statement: Uint8Array },
): Promise<WordRequest> {
  const pem = await readFile(input.text("keyFile"), "latin1")
  if (!/ENCRYPTED/.test(pem)) return wordOn(word, statement, { pem })
  using password = await readPassword(context, input, ["Passphrase of the key:"])
  return password.lend((passphrase) => wordOn(word, statement, { pem, passphrase }))
}

async function showStatement({ out }: Pick<CliContext, "out">, statement: Uint8Array) {
  for (const [title, text] of describeStatement(statement)) out.note(`  ${title}: ${text}`)
}

/** Whoever sits at a terminal is asked; a script says `--yes`. */
async function confirm({ stdin, out }: CliContext, input: Input, word: string): Promise<void> {
  if (input.flag("yes")) return
  if (stdin.isTTY !== true) {
    throw new CliError("USAGE", "nobody is there to read this", "--yes signs without asking")
  }
  out.note(`Sign this ${word}? Type yes:`)
  const answer = await new Promise<string>((resolve) => {
    stdin.once("data", (piece: Buffer) => {
      stdin.pause()
      resolve(String(piece).trim())
    })
  })
  if (answer !== "yes") throw new CliError("FAILED", "nothing was signed")
}

async function readRequest(path: string): Promise<{ id: string; statement: Uint8Array }> {
  const { format, id, statement } = await readFields(path)
  const isOne = format === "keyhold-request" || format === "keyhold-call"
  if (!isOne || id === undefined || statement === undefined) {
    throw new CliError("USAGE", `${path} is no file of keyhold request save, or of --stamp`)
  }
  return { id, statement: decodeBase64(statement, "/statement") }
}

/** What `--stamp` wrote; the node checks it. */
async function readCall(path: string): Promise<Omit<MakeCallRequest, "approvals"> & StampedId> {
  const { format, id, stamp, asked } = await readFields(path)
  if (format !== "keyhold-call" || id === undefined || stamp === undefined) {
    throw new CliError("USAGE", `${path} is no file of --stamp`)
  }
  return { id, stamp, asked: asked as unknown as RequestedOperation }
}

type StampedId = Pick<StampedCall, "id">

async function readApproval(path: string, id: string): Promise<BroughtApproval> {
  const { id: about, word, publicKey, mechanism, signature } = await readWord(path)
  if (about !== id || word !== "approval") {
    throw new CliError("USAGE", `${path} is no approval of this call`)
  }
  return { publicKey, mechanism, signature }
}

async function readWord(path: string): Promise<WordRequest & { readonly id: string }> {
  const { format, ...rest } = await readFields(path)
  if (format !== "keyhold-word" || rest["id"] === undefined) {
    throw new CliError("USAGE", `${path} is no file of keyhold approve --output`)
  }
  return rest as unknown as WordRequest & { readonly id: string } // The node checks it.
}

async function readFields(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"))
    return typeof value === "object" ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** The bytes of a result that has some; else the result as it is. */
async function writeResult(
  { out }: CliContext,
  input: Input,
  result: NonNullable<Request["result"]>,
): Promise<void> {
  const bytes = ["signature", "plaintext", "ciphertext", "mac", "sharedSecret", "material"]
    .map((name) => result[name])
    .find((value) => typeof value === "string")
  if (out.json || bytes === undefined) return out.document(result, JSON.stringify(result))
  await out.bytes([decodeBase64(bytes, "/result")], input.maybe("output"))
}

function line(request: Request): string {
  return requestColumns
    .map(([, cell]) => String(cell(request) ?? ""))
    .filter((text) => text !== "")
    .join("  ")
    .replaceAll(/\p{Cc}/gu, "\u{fffd}")
}
