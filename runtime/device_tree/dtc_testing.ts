/** The device tree compiler as an independent judge of the blobs; for tests only. */

/** Is `dtc` there? Says so when it is not, because tests are then skipped. */
export async function hasDtc(): Promise<boolean> {
  try {
    return (await new Deno.Command("dtc", { args: ["--version"] }).output()).success;
  } catch {
    console.log("dtc is not installed: the checks of device trees with it are skipped");
    return false;
  }
}

/** What `dtc` made of a blob. */
export interface DtcResult {
  /** Did it accept the blob? */
  readonly success: boolean;
  /** Warnings and errors. */
  readonly messages: string;
  /** The tree in the asked form. */
  readonly output: Uint8Array;
}

/** Runs `dtc` on a blob, to source (`dts`) or to another blob (`dtb`). */
export async function runDtc(blob: Uint8Array, form: "dts" | "dtb"): Promise<DtcResult> {
  const file = await Deno.makeTempFile({ suffix: ".dtb" });
  try {
    await Deno.writeFile(file, blob);
    const args = ["-I", "dtb", "-O", form, file];
    const { success, stdout, stderr } = await new Deno.Command("dtc", { args }).output();
    return { success, messages: new TextDecoder().decode(stderr), output: stdout };
  } finally {
    await Deno.remove(file);
  }
}
