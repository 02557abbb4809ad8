import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { checkConfig, developmentConfig, loadConfig, parseConfig } from "../../src/daemon/config.ts"
import { writeCustodianText } from "../../src/sealing/custodian-key.ts"
import { expandXWing } from "../../src/sealing/xwing.ts"

const [anna, ben, carl] = [1, 2, 3].map((seed) =>
  writeCustodianText(expandXWing(new Uint8Array(32).fill(seed)).publicKey),
)
const minimal = "data: data\nrootOfTrust:\n  kind: shares\n"
const custodians = `custodians:
  scheme: shamir
  threshold: 2
  recipients:
    - { name: anna, key: ${anna} }
    - { name: ben, key: ${ben} }
    - { name: carl, key: ${carl} }
`

test("two settings suffice, and every default is the documented one", () => {
  const config = parseConfig(minimal, "/etc/keyhold/keyhold.yaml")
  assert.deepEqual(config, {
    data: "/etc/keyhold/data",
    cluster: { name: "keyhold" },
    listen: {
      host: "127.0.0.1",
      port: 8443,
      tls: {
        certificateFile: "/etc/keyhold/data/tls.crt",
        keyFile: "/etc/keyhold/data/tls.key",
        generated: true,
        minVersion: "TLSv1.3",
      },
    },
    rootOfTrust: { kind: "shares" },
    audit: {
      budgetBytes: 8 * 2 ** 30,
      reserveBytes: 16 * 2 ** 20,
      anchors: [],
      checkpointMs: 5000,
    },
    store: { kind: "sqlite" },
    metrics: { open: false },
    webhooks: { allowPrivate: false },
    workers: 0,
    log: { level: "info" },
    limits: {
      unsealProgressMs: limits.unsealProgressMs,
      unsealSharesPerMinute: limits.unsealSharesPerMinute,
      failedAuthenticationsPerMinute: limits.failedAuthenticationsPerMinute,
      drainMs: limits.drainMs,
    },
  })
})

test("every setting is read, and relative paths start at the file's folder", () => {
  const text = `${minimal}${custodians}
cluster: { name: vienna }
listen:
  host: "::"
  port: 443
  tls: { certificateFile: tls/a.crt, keyFile: /k/a.key, clientCaFile: ca.pem, minVersion: TLSv1.2 }
audit:
  budgetBytes: 1073741824
  reserveBytes: 1048576
  checkpointSeconds: 30
  anchors:
    - { kind: file, path: ../anchor/a }
store: { kind: sqlite }
metrics: { host: 127.0.0.1, port: 9090, open: true }
log: { level: debug }
webhooks: { allowPrivate: true, caFile: hooks.pem }
limits:
  unsealProgressSeconds: 60
  unsealSharesPerMinute: 5
  failedAuthenticationsPerMinute: 10
  drainSeconds: 1
`
  const config = parseConfig(text, "/etc/keyhold/keyhold.yaml")
  assert.deepEqual(config.listen.tls, {
    certificateFile: "/etc/keyhold/tls/a.crt",
    keyFile: "/k/a.key",
    clientCaFile: "/etc/keyhold/ca.pem",
    generated: false,
    minVersion: "TLSv1.2",
  })
  assert.deepEqual(config.audit.anchors, [{ kind: "file", path: "/etc/anchor/a" }])
  assert.equal(config.audit.checkpointMs, 30_000)
  assert.deepEqual(config.webhooks, { allowPrivate: true, caFile: "/etc/keyhold/hooks.pem" })
  assert.deepEqual(config.metrics, { open: true, listen: { host: "127.0.0.1", port: 9090 } })
  assert.deepEqual(config.limits, {
    unsealProgressMs: 60_000,
    unsealSharesPerMinute: 5,
    failedAuthenticationsPerMinute: 10,
    drainMs: 1000,
  })
  assert.deepEqual(
    config.custodians?.recipients.map(({ name, key }) => [name, writeCustodianText(key)]),
    [
      ["anna", anna],
      ["ben", ben],
      ["carl", carl],
    ],
  )
})

/** What stands in the file beside the minimum, and what the one message says. */
const wrong: readonly (readonly [addition: string, message: string])[] = [
  ["listn: {}", "4:1: listn is not a setting; did you mean listen?"],
  ["listen: { prot: 1 }", "4:11: listen.prot is not a setting; did you mean listen.port?"],
  [
    "zebra: 1",
    "4:1: zebra is not a setting; known here: data, cluster, listen, rootOfTrust, " +
      "custodians, audit, store, metrics, webhooks, workers, log, limits",
  ],
  ["listen: { port: https }", '4:17: listen.port is "https": an integer from 0 to 65535 is wanted'],
  ["listen: { port: 65536 }", "4:17: listen.port is 65536: an integer from 0 to 65535 is wanted"],
  ["listen: { port: 1.5 }", "4:17: listen.port is 1.5: an integer from 0 to 65535 is wanted"],
  ["listen: 8443", "4:9: listen is 8443: a map is wanted"],
  ["listen: { host: 'a b' }", '4:17: listen.host is "a b": a host name or an IP address is wanted'],
  [
    "listen: { tls: { minVersion: TLSv1.1 } }",
    '4:30: listen.tls.minVersion is "TLSv1.1": one of TLSv1.3, TLSv1.2 is wanted',
  ],
  [
    "listen: { tls: { keyFile: a } }",
    "4:11: listen.tls: give certificateFile and keyFile, or neither",
  ],
  ["log: { level: loud }", '4:15: log.level is "loud": one of error, warn, info, debug is wanted'],
  ["metrics: { open: yes }", '4:18: metrics.open is "yes": true or false is wanted'],
  ["metrics: { port: 1 }", "4:1: metrics: give host and port, or neither"],
  ["store: { kind: etcd }", '4:16: store.kind is "etcd": sqlite is wanted'],
  ["store: {}", "4:1: store.kind is missing: sqlite is wanted"],
  [
    "audit: { anchors: [{ kind: file }] }",
    "4:20: audit.anchors[0].path is missing: a path is wanted",
  ],
  ["audit: { anchors: {} }", "4:19: audit.anchors is a map: a list of 0 to 16 items is wanted"],
  [
    "audit: { budgetBytes: 1 }",
    "4:23: audit.budgetBytes is 1: an integer from 67108864 to 9007199254740991 is wanted",
  ],
  [
    "audit: { reserveBytes: 8589934592 }",
    "4:10: audit.reserveBytes: is more than half of audit.budgetBytes; " +
      "lower it, or raise the budget",
  ],
  [
    "limits: { drainSeconds: 0 }",
    "4:25: limits.drainSeconds is 0: an integer from 1 to 300 is wanted",
  ],
  ["data: twice", "4:1: Map keys must be unique"],
  [
    "log: &x { level: info }\naudit: *x",
    "5:8: audit is an alias, which is not read here: a map is wanted",
  ],
  [
    "log: { level: info",
    "5:1: Flow map in block collection must be sufficiently indented and end with a }",
  ],
]

test("every wrong setting is named with its line, its column and what is wanted", () => {
  for (const [addition, message] of wrong) {
    const text = `${minimal}${addition}\n`
    const [first = ""] = messageOf(text).split("\n")
    assert.equal(first, `keyhold.yaml:${message}`)
  }
})

test("required settings that are missing are named", () => {
  assert.equal(
    messageOf("log: { level: info }\n"),
    "keyhold.yaml:1:1: data is missing: a path is wanted\n" +
      "keyhold.yaml:1:1: rootOfTrust.kind is missing: one of shares, file is wanted",
  )
  assert.equal(messageOf("[]"), "keyhold.yaml:1:1: this is a list of 0 items: a map is wanted")
})

test("all problems of a file are told at once, from top to bottom", () => {
  const found = messageOf("data: 7\nlog: { levl: info }\nrootOfTrust: { kind: tpm }\n").split("\n")
  assert.deepEqual(found, [
    "keyhold.yaml:1:7: data is 7: a path is wanted",
    "keyhold.yaml:2:8: log.levl is not a setting; did you mean log.level?",
    'keyhold.yaml:3:22: rootOfTrust.kind is "tpm": one of shares, file is wanted',
  ])
})

const file = (more: string) => `data: d\nrootOfTrust: { kind: file, path: k${more} }\n`

test("a key file as root of trust demands that development is written out", () => {
  assert.match(messageOf(file("")), /rootOfTrust.development is missing: true is wanted/)
  assert.match(messageOf(file(", development: false")), /development is false: true is wanted/)
  const config = parseConfig(file(", development: true"), "/c/keyhold.yaml")
  assert.deepEqual(config.rootOfTrust, { kind: "file", path: "/c/k", development: true })
  const both = `${file(", development: true")}${custodians}`
  assert.match(messageOf(both), /3:1: custodians: a key file has no custodians/)
})

const change = (from: string, to: string) => messageOf(minimal + custodians.replace(from, to))

test("custodians whose number, names or keys do not fit are refused", () => {
  assert.match(
    change("threshold: 2", "threshold: 4"),
    /4:1: custodians: a threshold is 2 to 3, not 4/,
  )
  assert.match(change("scheme: shamir", "scheme: xor"), /xor needs all 3 parts, not 2/)
  assert.match(change("name: ben", "name: anna"), /two recipients have the same name/)
  assert.match(change(`${ben}`, `${anna}`), /two recipients have the same key/)
  assert.match(change("name: ben", "name: Ben!"), /recipients\[1\].name is "Ben!"/)
  const cut = change(`${ben}`, `${ben?.slice(0, -1)}`)
  assert.match(cut, /9:25: custodians.recipients\[1\].key is "khcust1_.*\.\.\.: the whole khcust1_/)
})

test("development takes the same road, on loopback, with a key in a file", () => {
  const config = developmentConfig({ dataDir: "/d", port: 0 })
  assert.equal(config.data, "/d")
  assert.equal(config.listen.port, 0)
  assert.equal(config.listen.host, "127.0.0.1")
  assert.deepEqual(config.rootOfTrust, {
    kind: "file",
    path: "/d/development.key",
    development: true,
  })
})

test("a file that is not there, or names files that are not, is told by path", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-config-"))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, "keyhold.yaml")
  const malformed = { code: "MALFORMED_REQUEST" }
  await assert.rejects(loadConfig(path), { ...malformed, message: /cannot be read \(ENOENT\)/ })
  await writeFile(path, `${minimal}listen: { tls: { certificateFile: a.crt, keyFile: a.key } }\n`)
  await writeFile(join(folder, "a.crt"), "")
  await assert.rejects(checkConfig(path), { ...malformed, message: /keyFile: .*a\.key cannot be/ })
  await writeFile(join(folder, "a.key"), "")
  assert.equal((await checkConfig(path)).data, join(folder, "data"))
})

function messageOf(text: string): string {
  try {
    parseConfig(text, "keyhold.yaml")
  } catch (error) {
    assert(error instanceof Error && "code" in error)
    assert.equal(error.code, "MALFORMED_REQUEST")
    return error.message
  }
  return "no problem"
}
