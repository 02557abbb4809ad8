/** What is asked of a node itself, and what only the client knows. */

import type { ApiVersion, Explanation, SealStatus, Shredded, Whoami } from "@keyhold/sdk"
import type { Operation } from "@keyhold/sdk"
import type { Command } from "../command.ts"
import type { Columns } from "../output.ts"
import {
  listKeyAlgorithms,
  listMechanisms,
  mechanisms,
  type KeyAlgorithmEntry,
  type MechanismEntry,
} from "../vocabulary.ts"

const whoamiFields: Columns<Whoami> = [
  ["subject", ({ subject }) => subject],
  ["partition", ({ partition }) => partition],
  ["roles", ({ roles }) => roles.join(", ")],
  ["grants", ({ grants }) => (grants.length === 0 ? "all of the roles" : JSON.stringify(grants))],
  ["credential", ({ credential }) => credential],
]
const versionFields: Columns<ApiVersion> = [
  ["keyhold", ({ version }) => version],
  ["node.js", ({ node }) => node],
  ["openssl", ({ openssl }) => openssl],
  ["engine", ({ engine }) => engine],
]
const statusFields: Columns<SealStatus> = [
  ["state", ({ state }) => state],
  ["cluster", ({ clusterId }) => clusterId],
  ["node", ({ nodeId }) => nodeId],
  ["node key", ({ nodeKey }) => nodeKey],
  [
    "shares",
    ({ sealed, sharesReceived, threshold }) =>
      sealed ? `${sharesReceived} of ${threshold ?? "?"}` : undefined,
  ],
]
const shredFields: Columns<Shredded> = [
  ["epoch", ({ epoch }) => epoch],
  ["destroyed epochs", ({ destroyedEpochs }) => destroyedEpochs.join(", ")],
]
const ruleColumns: Columns<Explanation["rules"][number]> = [
  ["rule", ({ rule }) => rule],
  ["verdict", ({ allows }) => (allows ? "allows" : "DENIES")],
  ["reason", ({ reason }) => reason],
]
const saidColumns: Columns<NonNullable<Explanation["said"]>[number]> = [
  ["of the key", ({ statement, grant }) => grant ?? `statement ${statement ?? "?"}`],
  ["says", ({ effect }) => effect],
]
const algorithmColumns: Columns<KeyAlgorithmEntry> = [
  ["algorithm", ({ algorithm }) => algorithm],
  ["status", ({ status }) => status],
  ["mechanisms", (row) => row.mechanisms.join(" ")],
]
const mechanismColumns: Columns<MechanismEntry> = [
  ["mechanism", ({ mechanism }) => mechanism],
  ["kind", ({ kind }) => kind],
  ["status", ({ status }) => status],
  ["parameters", ({ parameters }) => parameters.join(" ")],
  ["standard", ({ source }) => source],
]

export const nodeCommands: readonly Command[] = [
  {
    usage: "whoami",
    summary: "Show who you are to the node",
    example: "keyhold whoami",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("whoami"), whoamiFields)
    },
  },
  {
    usage: "explain <operation> [key]",
    summary: "Show which rule allows or denies an operation, without doing it",
    options: [
      ["--mechanism <id>", "with this mechanism"],
      ["--principal <id>", "for another principal, or one of another account by his ARN"],
    ],
    example: "keyhold explain key.encrypt orders",
    async run({ out, connect }, input) {
      const body = {
        // The node knows the operations' names.
        operation: input.text("operation") as Operation,
        key: input.maybe("key"),
        mechanism: input.oneOf("mechanism", mechanisms),
        principal: input.maybe("principal"),
      }
      const kh = await connect()
      const answer = await kh.call("explain", { body })
      if (out.json) return out.document(answer, "")
      const verdict = answer.allowed ? "allowed" : "denied"
      const side = answer.side === undefined ? "" : " on this side; the other account's is not told"
      await out.text(`${body.operation} is ${verdict}${side}.\n`)
      await out.table(answer.rules, ruleColumns)
      if (answer.said !== undefined) await out.table(answer.said, saidColumns)
    },
  },
  {
    usage: "algorithms",
    summary: "List key algorithms and what they do, the default mechanism first",
    description: "With --json, everything that is known of each. Asks no node.",
    options: [["--mechanisms", "list mechanisms, and what each can be asked for"]],
    example: "keyhold algorithms --mechanisms",
    async run({ out }, input) {
      if (input.flag("mechanisms")) await out.table(listMechanisms(), mechanismColumns)
      else await out.table(listKeyAlgorithms(), algorithmColumns)
    },
  },
  {
    usage: "version",
    summary: "Show what runs on the node",
    example: "keyhold version",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("version"), versionFields)
    },
  },
  {
    usage: "status",
    summary: "Show whether the node is sealed",
    example: "keyhold status",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("sealStatus"), statusFields)
    },
  },
  {
    usage: "seal",
    summary: "Make the node forget all keys at once, until custodians unseal it",
    example: "keyhold seal",
    async run({ out, connect }) {
      const kh = await connect()
      await kh.call("seal")
      await out.document({ state: "sealed" }, "sealed")
    },
  },
  {
    usage: "shred",
    summary: "Rotate the epoch's root, so that all residue of deleted keys dies",
    example: "keyhold shred",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("shred"), shredFields)
    },
  },
]
