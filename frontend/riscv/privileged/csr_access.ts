/**
 * Access to control and status registers: the checks that the number implies, then a jump to the register's
 * row. The numbers form a dozen dense clusters: binary decisions find the cluster, a switch the row.
 *
 * Source: RISC-V Privileged ISA, "CSR Address Mapping Conventions"; Unprivileged ISA, "Zicsr".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Block, Region } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { CSR_ROWS, type CsrRow } from "./csr_table.ts";
import { CsrUpdate } from "./csr_update.ts";
import { AccessStatus, CSR_ACCESS } from "./signatures.ts";

/** Fields of a CSR number. */
const NumberField = {
  PRIVILEGE_SHIFT: 8,
  PRIVILEGE_ONES: 3,
  ACCESS_SHIFT: 10,
  READ_ONLY: 3,
} as const;

/** Largest distance of neighbours in a cluster. */
const CLUSTER_GAP = 16;

/** CSR numbers near each other, with the block of each that exists. */
interface Cluster {
  readonly first: number;
  readonly targets: (Block | undefined)[];
}

function illegalIfMisused(update: CsrUpdate, illegal: Block): void {
  const { b, number } = update;
  const level = b.shrU(number, b.i32(NumberField.PRIVILEGE_SHIFT));
  const lowest = b.and(level, b.i32(NumberField.PRIVILEGE_ONES));
  const isTooLow = b.ltU(b.getState(slot("privilege")), lowest);
  const access = b.shrU(number, b.i32(NumberField.ACCESS_SHIFT));
  const isReadOnly = b.eq(access, b.i32(NumberField.READ_ONLY));
  const isMisused = b.or(isTooLow, b.and(isReadOnly, update.writes));
  const legal = b.region.addBlock();
  b.branch(isMisused, illegal, legal);
  b.setBlock(legal);
}

function emitRow(update: CsrUpdate, row: CsrRow, illegal: Block): void {
  const { b } = update;
  if (row.isAccessible !== undefined) {
    const accessible = b.region.addBlock();
    b.branch(row.isAccessible(update), accessible, illegal);
    b.setBlock(accessible);
  }
  const old = row.read(update);
  b.setState(slot("csr_result"), old);
  const { write } = row;
  if (write !== undefined) b.when(update.writes, () => write(update, update.combine(old)));
  update.finish();
}

/** Groups all CSR numbers, each with a fresh block that its row shares. */
function clustersOf(b: Builder, blocks: Map<CsrRow, Block>): Cluster[] {
  const byNumber = new Map<number, Block>();
  for (const row of CSR_ROWS) {
    const block = b.region.addBlock();
    blocks.set(row, block);
    for (let i = 0; i < (row.count ?? 1); i++) byNumber.set(row.number + i, block);
  }
  const clusters: Cluster[] = [];
  for (const [number, block] of [...byNumber].sort(([a], [z]) => a - z)) {
    const last = clusters.at(-1);
    if (last === undefined || number - (last.first + last.targets.length) >= CLUSTER_GAP) {
      clusters.push({ first: number, targets: [block] });
    } else last.targets[number - last.first] = block;
  }
  return clusters;
}

function decide(update: CsrUpdate, clusters: readonly Cluster[], illegal: Block): void {
  const { b, number } = update;
  if (clusters.length === 1) {
    const [{ first, targets }] = clusters;
    const index = b.sub(number, b.i32(first));
    const filled = Array.from(targets, (target) => target ?? illegal);
    b.terminate({ kind: "switch", index, targets: filled, otherwise: illegal });
    return;
  }
  const middle = clusters.length >> 1;
  const below = b.region.addBlock();
  const above = b.region.addBlock();
  b.branch(b.ltU(number, b.i32(clusters[middle].first)), below, above);
  b.setBlock(below);
  decide(update, clusters.slice(0, middle), illegal);
  b.setBlock(above);
  decide(update, clusters.slice(middle), illegal);
}

/** Body of {@linkcode CSR_ACCESS}. */
export function csrAccess(): Region {
  return buildFunction(CSR_ACCESS, (b) => {
    const update = new CsrUpdate(b);
    const illegal = b.region.addBlock();
    const blocks = new Map<CsrRow, Block>();
    illegalIfMisused(update, illegal);
    decide(update, clustersOf(b, blocks), illegal);
    for (const [row, block] of blocks) {
      b.setBlock(block);
      emitRow(update, row, illegal);
    }
    b.setBlock(illegal);
    b.return(b.i32(AccessStatus.ILLEGAL));
  });
}
