/** The memory driver keeps the contract. */

import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { testContract } from "./contract.ts"

testContract("memory", async (options) => openMemoryStore(options))
