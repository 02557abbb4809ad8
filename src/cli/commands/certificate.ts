/** `keyhold certificate ...`: requests for certificates, certificates of keys, those they sign. */

import type { Keyhold, StoredCertificate } from "@keyhold/sdk"
import { askedInstead, askingOptions } from "../asking.ts"
import { outputOption, type CliContext, type Command, type OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import { readAll, type Input, type Limit, type StandardInput } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import type { Columns } from "../output.ts"
import { parsePem } from "../pem.ts"
import { certificatePurposes, certificateUsages, mechanisms } from "../vocabulary.ts"

const fileLimit: Limit = { bytesMax: 256 * 1024, hint: "this is no certificate" }

const profileOptions: readonly OptionRow[] = [
  ["--dns <name...>", "name of a host; repeat for several"],
  ["--ip <address...>", "address of a host"],
  ["--email <address...>", "address of mail"],
  ["--uri <uri...>", "absolute URI"],
  ["--usage <usage...>", certificateUsages.join(", ")],
  ["--purpose <purpose...>", certificatePurposes.join(", ")],
  ["--mechanism <id>", "another mechanism than the usual one"],
]
const issueOptions: readonly OptionRow[] = [
  ["--authority", "it may issue other certificates"],
  ["--path-length <number>", "so many authorities may stand below it"],
  ["--life <time>", "such as 90d; a year unless given"],
]
const subjectOption: OptionRow = ["--subject <name>", "such as CN=shop.example,O=Example AG,C=CH"]

const columns: Columns<StoredCertificate> = [
  ["id", ({ id }) => id],
  ["subject", ({ subject }) => subject],
  ["issuer", ({ issuer }) => issuer],
  ["version", ({ version }) => version],
  ["authority", ({ authority }) => authority],
  ["valid until", ({ notAfter }) => notAfter],
]
const fields: Columns<StoredCertificate> = [
  ...columns,
  ["valid from", ({ notBefore }) => notBefore],
  ["serial number", ({ serialNumber }) => serialNumber],
  ["fingerprint", ({ fingerprint }) => fingerprint],
]

export const certificateCommands: readonly Command[] = [
  {
    usage: "certificate request <key>",
    summary: "Make a request for a certificate (PKCS #10), in PEM",
    required: [subjectOption],
    options: [...profileOptions, outputOption, ...askingOptions],
    example: "keyhold certificate request shop --subject CN=shop.example --dns shop.example",
    async run(context, input) {
      const key = input.text("key")
      const body = { subject: input.text("subject"), ...readProfile(input) }
      const asked = { operation: "requestCertificate", key, ...body } as const
      if (await askedInstead(context, input, asked)) return
      await emitPem(context, input, (kh) => kh.certificates.request(key, body))
    },
  },
  {
    usage: "certificate self-sign <key>",
    summary: "Make a certificate that the key signs for itself, in PEM",
    required: [subjectOption],
    options: [...profileOptions, ...issueOptions, outputOption, ...askingOptions],
    example:
      "keyhold certificate self-sign root --subject 'CN=Example root' --authority --life 3650d",
    async run(context, input) {
      const key = input.text("key")
      const body = { subject: input.text("subject"), ...readProfile(input), ...readIssue(input) }
      const asked = { operation: "selfSignCertificate", key, ...body } as const
      if (await askedInstead(context, input, asked)) return
      await emitPem(context, input, (kh) => kh.certificates.selfSign(key, body))
    },
  },
  {
    usage: "certificate issue <key> [request]",
    summary: "Certify the public key of a request (PKCS #10) under a key with an authority",
    description:
      "The key's own certificate, an authority's, has to lie beside it: certificate add.",
    options: [
      ["--subject <name>", "another than the request's"],
      [
        "--issuer <id>",
        "which of the key's certificates issues; the newest authority's unless given",
      ],
      ...profileOptions,
      ...issueOptions,
      outputOption,
    ],
    example: "keyhold certificate issue root shop.csr --purpose serverAuth --life 90d > shop.pem",
    async run(context, input) {
      const { stdin } = context
      const [der] = await readPem(input.maybe("request"), stdin, "CERTIFICATE REQUEST")
      const profile = {
        subject: input.maybe("subject"),
        issuer: input.maybe("issuer"),
        ...readProfile(input),
        ...readIssue(input),
      }
      const key = input.text("key")
      await emitPem(context, input, (kh) => kh.certificates.issue(key, der, profile))
    },
  },
  {
    usage: "certificate add <key> [file]",
    summary: "Keep a certificate of the key, with its issuers after it; PEM or DER",
    example: "keyhold certificate add shop shop.pem",
    async run({ out, stdin, connect }, input) {
      const chain = await readPem(input.maybe("file"), stdin, "CERTIFICATE")
      const kh = await connect()
      await out.record(await kh.certificates.add(input.text("key"), chain), fields)
    },
  },
  {
    usage: "certificate list <key>",
    summary: "List the key's certificates",
    options: [limitOption],
    example: "keyhold certificate list shop",
    async run({ out, connect }, input) {
      const kh = await connect()
      const list = kh.certificates.list(input.text("key"))
      await out.table(await collectItems(list, input), columns)
    },
  },
  {
    usage: "certificate get <key> <certificate>",
    summary: "Write one certificate of the key with its issuers, in PEM",
    options: [outputOption],
    example: "keyhold certificate get shop 01k2v7x9q4m8w3r5t6y1z0a2bd",
    async run(context, input) {
      const [key, id] = [input.text("key"), input.text("certificate")]
      await emitPem(context, input, (kh) => kh.certificates.get(key, id))
    },
  },
  {
    usage: "certificate delete <key> <certificate>",
    summary: "Forget a certificate of the key; that does not revoke it",
    example: "keyhold certificate delete shop 01k2v7x9q4m8w3r5t6y1z0a2bd",
    async run({ out, connect }, input) {
      const kh = await connect()
      const certificate = input.text("certificate")
      await kh.certificates.delete(input.text("key"), certificate)
      await out.document({ deleted: certificate }, `deleted ${certificate}`)
    },
  },
]

function readProfile(input: Input) {
  const { dns, ip, email, uri } = {
    dns: input.list("dns"),
    ip: input.list("ip"),
    email: input.list("email"),
    uri: input.list("uri"),
  }
  const named = [dns, ip, email, uri].some((list) => list !== undefined)
  return {
    names: named ? { dns, ip, email, uri } : undefined,
    keyUsage: input.someOf("usage", certificateUsages),
    extendedKeyUsage: input.someOf("purpose", certificatePurposes),
    mechanism: input.oneOf("mechanism", mechanisms),
  }
}

function readIssue(input: Input) {
  const pathLength = input.integer("pathLength")
  if (pathLength !== undefined && !input.flag("authority")) {
    throw new CliError("USAGE", "only an authority has a path length: --authority")
  }
  return {
    authority: input.flag("authority") ? { pathLength } : undefined,
    lifeSeconds: input.seconds("life"),
  }
}

async function emitPem(
  { out, connect }: CliContext,
  input: Input,
  ask: (kh: Keyhold) => Promise<{ readonly pem: string }>,
): Promise<void> {
  const answer = await ask(await connect())
  const path = input.maybe("output")
  if (path === undefined || out.json) return out.document(answer, answer.pem)
  await out.bytes([Buffer.from(answer.pem)], path)
}

async function readPem(
  path: string | undefined,
  stdin: StandardInput,
  label: "CERTIFICATE" | "CERTIFICATE REQUEST",
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  const [first, ...rest] = parsePem(await readAll(path, stdin, fileLimit), label)
  if (first !== undefined) return [first, ...rest]
  throw new CliError("USAGE", `holds no ${label} in PEM and is no DER`)
}
