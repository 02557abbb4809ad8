/** Every setting of keyhold.yaml: its reader, its bounds and its default, in one table. */

import { limits } from "../domain/limits.ts"
import { readCustodianText } from "../sealing/custodian-key.ts"
import { schemeIds, shapeProblem } from "../sealing/parts.ts"
import { custodianNamePattern } from "../sealing/shares.ts"
import {
  boolean,
  choice,
  integer,
  list,
  optional,
  parsed,
  path,
  section,
  text,
  variant,
  type Problem,
  type Reader,
} from "./config-reader.ts"

const MiB = 1024 * 1024
const GiB = 1024 * MiB

const host = text(/^[A-Za-z0-9.:_-]{1,253}$/, "a host name or an IP address")
const name = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, and . _ - inside")
const port = integer(0, 65_535)

const tls = section({
  /** PEM, leaf first. Both files or none: none are made at `keyhold init`. */
  certificateFile: optional(path()),
  keyFile: optional(path()),
  /** Authorities of client certificates; without it none is asked for. */
  clientCaFile: optional(path()),
  minVersion: optional(choice("TLSv1.3", "TLSv1.2"), "TLSv1.3"),
})

const recipient = section({
  name: text(custodianNamePattern, "1 to 32 of a-z, 0-9 and - inside"),
  key: parsed(readCustodianText, "the whole khcust1_... that `keyhold custodian new` printed"),
})

/** The whole file. Defaults stand here and nowhere else. */
export const configReader = section({
  data: path(),
  cluster: section({ name: optional(name, "keyhold") }),
  listen: section({ host: optional(host, "127.0.0.1"), port: optional(port, 8443), tls }),
  rootOfTrust: variant({
    shares: {},
    /** `development: true` must be written out: whoever reads the disk holds every key. */
    file: { path: path(), development: choice(true) },
  }),
  custodians: optional(
    section({
      scheme: choice(...schemeIds),
      threshold: integer(2, limits.sharesMax),
      recipients: list(recipient, 2, limits.sharesMax),
    }),
  ),
  audit: section({
    /** Space for segments that are not archived yet. */
    budgetBytes: optional(integer(64 * MiB, Number.MAX_SAFE_INTEGER), 8 * GiB),
    /** Kept back for what stops harm. */
    reserveBytes: optional(integer(MiB, Number.MAX_SAFE_INTEGER), 16 * MiB),
    anchors: optional(list(variant({ file: { path: path() } }), 0, 16), []),
    /** Folder, best on another disk, to which closed segments move; without it they stay. */
    archive: optional(section({ path: path() })),
    checkpointSeconds: optional(integer(1, 3600), 5),
  }),
  store: optional(variant({ sqlite: {} }), { kind: "sqlite" }),
  metrics: section({
    /** A listener of its own for /metrics; both or none. */
    host: optional(host),
    port: optional(port),
    /** Answers /metrics on the main listener too. */
    open: optional(boolean(), false),
  }),
  webhooks: section({
    /** Officers may name addresses of private networks, and of this machine. */
    allowPrivate: optional(boolean(), false),
    /** PEM, authorities of receivers beside those that Node trusts. */
    caFile: optional(path()),
  }),
  /** Processes that serve and compute, beside the one that holds the keys; 0: all in one. */
  workers: optional(integer(0, limits.workersMax), 0),
  log: section({ level: optional(choice("error", "warn", "info", "debug"), "info") }),
  limits: section({
    unsealProgressSeconds: seconds(limits.unsealProgressMs, 24 * 3600),
    unsealSharesPerMinute: optional(integer(1, 10_000), limits.unsealSharesPerMinute),
    failedAuthenticationsPerMinute: optional(
      integer(1, 10_000),
      limits.failedAuthenticationsPerMinute,
    ),
    drainSeconds: seconds(limits.drainMs, 300),
  }),
})

/** A configuration as the table yields it. */
export type ConfigFile = NonNullable<ReturnType<typeof configReader>>

/** What no single field shows. */
export function crossCheck(config: ConfigFile): readonly Problem[] {
  return crossChecks.flatMap(({ path: at, check }) => {
    const problem = check(config)
    return problem === undefined ? [] : [{ path: at, problem }]
  })
}

const crossChecks: readonly {
  readonly path: string
  readonly check: (config: ConfigFile) => string | undefined
}[] = [
  {
    path: "listen.tls",
    check: ({ listen: { tls: files } }) => {
      if ((files.certificateFile === undefined) === (files.keyFile === undefined)) return
      return "give certificateFile and keyFile, or neither"
    },
  },
  {
    path: "metrics",
    check: ({ metrics }) => {
      if ((metrics.host === undefined) === (metrics.port === undefined)) return
      return "give host and port, or neither"
    },
  },
  {
    path: "audit.reserveBytes",
    check: ({ audit }) => {
      if (audit.reserveBytes <= audit.budgetBytes / 2) return
      return "is more than half of audit.budgetBytes; lower it, or raise the budget"
    },
  },
  {
    path: "custodians",
    check: ({ custodians }) => {
      if (custodians === undefined) return
      const { scheme, threshold, recipients } = custodians
      const shape = shapeProblem({ scheme, threshold, total: recipients.length })
      if (shape !== undefined) return shape
      const names = new Set(recipients.map((custodian) => custodian.name))
      if (names.size < recipients.length) return "two recipients have the same name"
      const keys = new Set(recipients.map(({ key }) => key.toHex()))
      return keys.size < recipients.length ? "two recipients have the same key" : undefined
    },
  },
  {
    path: "custodians",
    check: ({ custodians, rootOfTrust }) => {
      if (custodians === undefined || rootOfTrust.kind === "shares") return
      return "a key file has no custodians; set rootOfTrust.kind to shares, or remove this"
    },
  },
]

/** A whole number of seconds, given in milliseconds when absent. */
function seconds(defaultMs: number, max: number): Reader<number> {
  return optional(integer(1, max), defaultMs / 1000)
}
