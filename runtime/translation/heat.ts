/** How often a block head is executed in the cold tier before something is done about it. */

/** Executions before its region is asked for, again and again; a power of two. */
export const HOT_THRESHOLD = 8192;

/** Executions before a region that was suspended is entered again. */
const SECOND_CHANCE = 64;

/** What the count of a block head of a suspended region starts with. */
export const SUSPENDED_HEAT = HOT_THRESHOLD - SECOND_CHANCE;
