/** `keyhold data-key`, `random` and `batch`. */

import { operations, type BatchOperation, type BatchResult, type DataKey } from "@keyhold/sdk"
import type { CliContext, Command } from "../command.ts"
import { emit, emitOptions } from "../emit.ts"
import { CliError } from "../failure.ts"
import { readAll, type Input } from "../input.ts"
import type { Columns } from "../output.ts"

const batchLimit = { bytesMax: 4 * 1024 * 1024, hint: "cut it into several files" }
const dataKeyLengths = ["16", "24", "32", "64"] as const

const dataKeyFields: Columns<DataKey> = [
  ["key", ({ keyId }) => keyId],
  ["version", ({ version }) => version],
  ["plaintext", ({ plaintext }) => plaintext],
  ["ciphertext", ({ ciphertext }) => ciphertext],
]

type Numbered = readonly [index: number, result: BatchResult]
const resultColumns: Columns<Numbered> = [
  ["item", ([index]) => index],
  ["status", ([, { status }]) => status],
  ["result", ([, result]) => ("code" in result ? `${result.code}: ${result.detail}` : "done")],
]

export const dataCommands: readonly Command[] = [
  {
    usage: "data-key",
    summary: "Generate a data key, in the clear and wrapped, in base64",
    required: [["--key <key>", "name or id of the key that wraps it"]],
    options: [
      ["--length <bytes>", `${dataKeyLengths.join(", ")}; 32 unless given`],
      ["--aad <text>", "additional data that unwrapping must name again"],
      ["--wrapped-only", "do not show the key itself"],
    ],
    example: "keyhold data-key --key orders --json",
    async run({ out, connect }, input) {
      const aad = input.maybe("aad")
      // The texts of the four lengths.
      const length = Number(input.oneOf("length", dataKeyLengths) ?? 32) as 16 | 24 | 32 | 64
      const body = {
        length,
        aad: aad === undefined ? undefined : Buffer.from(aad).toString("base64"),
        withPlaintext: !input.flag("wrappedOnly"),
      }
      const kh = await connect()
      const params = { key: input.text("key") }
      await out.record(await kh.call("generateDataKey", { params, body }), dataKeyFields)
    },
  },
  {
    usage: "random <length>",
    summary: "Random bytes of the HSM, 1 to 4096",
    options: emitOptions,
    example: "keyhold random 32 --base64",
    async run({ out, connect }, input) {
      const length = input.integer("length") ?? 0
      const kh = await connect()
      const ask = () => kh.call("random", { body: { length } })
      await emit({ out, input }, ask, ({ bytes }) => bytes)
    },
  },
  {
    usage: "batch [file]",
    summary: "Make up to 1,000 calls at once",
    description:
      'The file holds a list of operations in JSON, each {"operation":"encrypt"} with the\n' +
      "fields of that operation's own request. Exit code 1 when one of them fails.",
    example: "keyhold batch operations.json --json",
    run: runBatch,
  },
]

async function runBatch({ out, stdin, connect }: CliContext, input: Input): Promise<void> {
  const list = parseBatch((await readAll(input.maybe("file"), stdin, batchLimit)).toString("utf8"))
  const kh = await connect()
  const answer = await kh.send({
    operation: "batch",
    body: { operations: list },
    actingFor: list.map(({ operation }) => operation).filter((id) => Object.hasOwn(operations, id)),
  })
  // The generated table says what answers a batch.
  const { results } = answer as { readonly results: readonly BatchResult[] }
  if (out.json) await out.document(results, "")
  else await out.table([...results.entries()], resultColumns)
  const failed = results.filter(({ status }) => status >= 400).length
  if (failed > 0) throw new CliError("FAILED", `${failed} of ${results.length} calls failed`)
}

function parseBatch(text: string): readonly BatchOperation[] {
  const hint = "see the example of: keyhold batch --help"
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError("USAGE", "the content is not JSON", hint)
  }
  if (!Array.isArray(value)) throw new CliError("USAGE", "the content is no list", hint)
  // The node checks each item and says what is wrong with it.
  return value as readonly BatchOperation[]
}
