/** What a scraper reads about the process itself. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { createMetrics } from "../../src/daemon/metrics.ts"

const gauges = {
  sealed: () => true,
  openKeys: () => 3,
  auditWaiting: () => 0,
  auditBytes: () => 0,
  storeRev: async () => 7,
  refusals: () => ({}),
}

for (const engine of ["native", "node:crypto"] as const) {
  test(`metrics tell that ${engine} computes, and which versions run`, async () => {
    const build = { version: "1.2.3", node: "26.10.0", openssl: "3.5.4", engine }
    const text = await createMetrics(gauges, build).text()
    const line = `version="1.2.3",node="26.10.0",openssl="3.5.4",engine="${engine}"`
    assert.ok(text.includes(`keyhold_build_info{${line}} 1\n`), text)
    assert.match(text, /^keyhold_open_keys 3$/m)
  })
}
