/**
 * Checks for what plugins bring, to be run by their own tests.
 *
 * @module
 */
export { storeContract } from "./lib/plugin/store_contract.ts";
export type { StoreCheck } from "./lib/plugin/store_contract.ts";
