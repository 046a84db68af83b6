/** Damaged command lines are understood or refused by name: nothing else, however they are damaged. */

import { assert } from "@std/assert";
import { damage, randomNumbers } from "../loader/mutation_fixture.ts";
import { describeMachine, type MachineOptions } from "../machine/options.ts";
import { UserError } from "../machine/user_error.ts";
import { type CommandLine, FLAGS, parseCommandLine } from "./flags.ts";

const MUTATIONS = 20_000;

/** A flag and a value that it takes. */
const WORDS: readonly (readonly [string, string])[] = [
  ["-M", "virt,dumpdtb=tree.dtb,accel=tcg"],
  ["-machine", "type=spike"],
  ["-smp", "8,maxcpus=8,sockets=2,dies=1,clusters=1,cores=2,threads=2"],
  ["-m", "1.5G"],
  ["-m", "size=512M"],
  ["-cpu", "rv64,sv57=on,zbb=off,v"],
  ["-accel", "tcg,thread=multi,threads=8,check=on"],
  ["-d", "in_asm,op,op_opt,out_wasm"],
  ["-serial", "mon:stdio"],
  ["-serial", "tcp:[::1]:4444,server=on,wait=off"],
  ["-chardev", "socket,id=c,path=a,,b,server=on,nowait"],
  ["-device", "virtserialport,chardev=c,name=org.x.y,nr=1,bus=v.0"],
  ["-device", "loader,file=a,,b,addr=0x84000000,force-raw=on,cpu-num=0"],
  ["-device", "loader,addr=0x84000000,data=0x1122334455667788,data-len=8,data-be=on"],
  ["-kernel", "Image"],
];

function options({ harts, memoryBytes, cpu }: CommandLine): MachineOptions {
  return {
    ...(harts === undefined ? {} : { harts }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpu === undefined ? {} : { cpu }),
  };
}

Deno.test(`${MUTATIONS} damaged command lines`, () => {
  const random = randomNumbers(0xf1a6);
  const names = FLAGS.flatMap((row) => row.names);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("latin1");
  let taken = 0;
  for (let mutation = 0; mutation < MUTATIONS; mutation++) {
    const [flag, value] = WORDS[random(WORDS.length)];
    const name = random(8) === 0 ? `-${names[random(names.length)]}` : flag;
    const words = [name, decoder.decode(damage(encoder.encode(value), random))];
    try {
      describeMachine(options(parseCommandLine(words)));
      taken++;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      assert(error.cause !== "" && error.fix !== "", JSON.stringify(words));
    }
  }
  assert(taken > MUTATIONS / 20 && taken < MUTATIONS, `${taken} of ${MUTATIONS} were taken`);
});
