/** The SQLite driver keeps the contract. */

import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import { testContract } from "./contract.ts"
import { freshFile } from "./folder.ts"

testContract("sqlite", async (options) => openSqliteStore({ file: freshFile(), ...options }))
