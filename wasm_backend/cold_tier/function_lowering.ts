/**
 * Lowers the frontend's functions (page walk, trap entry, control registers, software float).
 */
import { successors } from "../../ir/builder.ts";
import type { Block, Operation, Region, Terminator } from "../../ir/region.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import type { ModuleFunctions } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { FlowGraph } from "../structure/flow_graph.ts";
import { type NodeCode, StructuredControlFlow } from "../structure/structured_control_flow.ts";
import { MemoryResidentLowering } from "./memory_resident_lowering.ts";

/** Lowers one function into its module. */
export class FunctionLowering extends MemoryResidentLowering {
  readonly #region: Region;

  /** Prepares the function. */
  constructor(m: ModuleBuilder, functions: ModuleFunctions, region: Region) {
    super(m, functions, region, new LocalAllocation(region.signature?.parameters.length ?? 0));
    this.#region = region;
    region.signature?.parameters.forEach((_, index) =>
      this.bindVariable(region.variables[index], index)
    );
  }

  /** Adds the function to the module. */
  addToModule(): void {
    const { blocks, signature, name } = this.#region;
    if (signature === null) {
      throw new TypeError(`Cannot lower "${name}" as a function: no signature`);
    }
    const numbers = new Map(blocks.map((block, index) => [block, index]));
    const number = (block: Block): number => numbers.get(block) ?? 0;
    const graph = new FlowGraph(blocks.map((block) => successors(block).map(number)), 0);
    const switchTargets = blocks.filter((b) => b.terminator?.kind === "switch").flatMap(successors)
      .map(number);
    const lower = (node: number): NodeCode => this.#block(blocks[node], number);
    const code = new StructuredControlFlow(this.m, graph, switchTargets, lower).build();
    const tail = signature.result === "void" ? this.m.nop() : this.m.unreachable();
    const body = this.m.block(null, [code, tail], wasmType(signature.result));
    this.m.addFunction(
      name,
      signature.parameters.map(wasmType),
      wasmType(signature.result),
      this.locals.types,
      body,
    );
  }

  #block(block: Block, number: (block: Block) => number): NodeCode {
    this.lowerOperations(block);
    const terminator = block.terminator as Terminator;
    switch (terminator.kind) {
      case "jump":
        return {
          statements: this.endBlock(),
          end: { kind: "jump", target: number(terminator.target) },
        };
      case "branch": {
        const condition = this.use(terminator.condition);
        const [taken, otherwise] = [number(terminator.taken), number(terminator.otherwise)];
        return {
          statements: this.endBlock(),
          end: { kind: "branch", condition, taken, otherwise },
        };
      }
      case "switch": {
        const index = this.use(terminator.index);
        const [targets, otherwise] = [terminator.targets.map(number), number(terminator.otherwise)];
        return { statements: this.endBlock(), end: { kind: "switch", index, targets, otherwise } };
      }
      case "return":
        this.push(this.m.return(terminator.value === null ? 0 : this.use(terminator.value)));
        return { statements: this.endBlock(), end: { kind: "leave" } };
      default:
        throw new TypeError(`Cannot end function "${this.#region.name}" with "${terminator.kind}"`);
    }
  }

  #refuse(what: string): never {
    throw new TypeError(
      `Cannot lower "${what}" in function "${this.#region.name}": no guest instruction there`,
    );
  }

  protected override field(name: string): Expression {
    return this.#refuse(`field ${name}`);
  }
  protected override instructionAddress(which: string): Expression {
    return this.#refuse(which);
  }
  protected override pcRelative(): Expression {
    return this.#refuse("guest.pc_relative");
  }
  protected override access(operation: Operation): Expression | null {
    return this.#refuse(operation.opcode);
  }
  protected override fence(): Expression | null {
    return this.#refuse("guest.fence");
  }
  protected override leave(operation: Operation): void {
    this.#refuse(operation.opcode);
  }
  protected override boundary(): void {
    this.#refuse("guest.boundary");
  }
  protected override beforeCall(): Expression[] {
    return [];
  }
}
