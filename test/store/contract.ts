/** The store's contract as tests, run on every driver. */

import { test } from "node:test"
import type { Store } from "../../src/store/store.ts"
import { guards, races, replays } from "./contract/commits.ts"
import type { Check } from "./contract/kit.ts"
import { bounds, history, operation } from "./contract/operation.ts"
import { reads, scans } from "./contract/reads.ts"

/** Opens an empty store; `historyRevs` as the drivers' option. */
export type OpenStore = (options: { readonly historyRevs: number }) => Promise<Store>

/** Registers the whole suite under the name of a driver. */
export function testContract(driver: string, open: OpenStore): void {
  const check: Check = (name, body, historyRevs = 1_000) => {
    test(`${driver}: ${name}`, async () => {
      const store = await open({ historyRevs })
      try {
        await body(store)
      } finally {
        await store.close()
      }
    })
  }
  for (const part of [reads, scans, guards, replays, races, history, bounds, operation]) part(check)
}
