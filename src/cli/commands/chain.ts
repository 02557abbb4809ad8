/** `keyhold key address`, `derive-public`, `extended-public`, `child`: what seeds lead to. */

import type { Address } from "@keyhold/sdk"
import type { Command, OptionRow } from "../command.ts"
import type { Columns } from "../output.ts"
import { chainIds, chainNetworks } from "../vocabulary.ts"
import { keyFields } from "./key.ts"

const pathOption: OptionRow = ["--path <path>", "from the seed to one of its keys"]
const networkOption: OptionRow = ["--network <network>", chainNetworks.join(" or ")]

const addressFields: Columns<Address> = [
  ["address", ({ address }) => address],
  ["version", ({ version }) => version],
  ["id", ({ keyId }) => keyId],
]

export const chainCommands: readonly Command[] = [
  {
    usage: "key address <key>",
    summary: "Compute a chain's address of a pair, or of a seed's pair",
    required: [["--chain <id>", chainIds.join(", ")]],
    options: [["--path <path>", "of a seed: from it to one of its keys"], networkOption],
    example: "keyhold key address wallet --chain ETH --path m/44h/60h/0h/0/0",
    async run({ out, connect }, input) {
      const body = {
        chain: input.one("chain", chainIds),
        path: input.maybe("path"),
        network: input.oneOf("network", chainNetworks),
      }
      const kh = await connect()
      await out.record(await kh.keys.address(input.text("key"), body), addressFields)
    },
  },
  {
    usage: "key derive-public <key>",
    summary: "Print the public key at a path of a seed as PEM",
    required: [pathOption],
    example: "keyhold key derive-public wallet --path m/0/1 > child.pem",
    async run({ out, connect }, input) {
      const kh = await connect()
      const answer = await kh.keys.derivePublic(input.text("key"), input.text("path"))
      await out.document(answer, answer.pem.trimEnd())
    },
  },
  {
    usage: "key extended-public <key>",
    summary: "Print the extended public key at a path of a seed",
    description:
      "Whoever has it knows all addresses below, and with one private key below everything.",
    required: [pathOption],
    options: [networkOption],
    example: "keyhold key extended-public wallet --path m/84h/0h/0h",
    async run({ out, connect }, input) {
      const body = { path: input.text("path"), network: input.oneOf("network", chainNetworks) }
      const kh = await connect()
      const extendedPublicKey = await kh.keys.extendedPublic(input.text("key"), body)
      await out.document({ extendedPublicKey }, extendedPublicKey)
    },
  },
  {
    usage: "key child <key> <name>",
    summary: "Make the pair at a path of a seed a key of its own",
    required: [pathOption],
    options: [
      ["--tag <name=value...>", "free tag; repeat for several"],
      ["--description <text>", "what the key is for"],
    ],
    example: "keyhold key child wallet customer-7 --path m/84h/0h/0h/0/7",
    async run({ out, connect }, input) {
      const body = {
        path: input.text("path"),
        name: input.text("name"),
        tags: input.pairs("tag"),
        description: input.maybe("description"),
      }
      const kh = await connect()
      await out.record(await kh.keys.deriveChild(input.text("key"), body), keyFields)
    },
  },
]
