/// <reference lib="deno.unstable" />
/**
 * Lint rules of this project, run by `deno lint`.
 *
 * `order-comment`: an `Atomics` call outside tests stands in a paragraph with an `ORDER:` comment, which names
 * the access's partner. `no-sleep-in-tests`: tests hand over by events, never by waiting for time to pass.
 * `no-module-state`: nothing changeable at the top of a module, so that two machines in one process cannot
 * meet.
 */

function isTestFile(path: string): boolean {
  return path.endsWith("_test.ts") || /(^|[/\\])tests[/\\]/.test(path);
}

/** Text of the line on which an offset lies and the lines above it up to a blank one. */
function paragraphUpTo(text: string, offset: number): string {
  const lineEnd = text.indexOf("\n", offset);
  const above = text.slice(0, lineEnd < 0 ? text.length : lineEnd).split("\n");
  const blank = above.findLastIndex((line) => line.trim() === "");
  return above.slice(blank + 1).join("\n");
}

const orderComment: Deno.lint.Rule = {
  create(context) {
    if (isTestFile(context.filename)) return {};
    return {
      'CallExpression[callee.object.name="Atomics"]'(node) {
        if (paragraphUpTo(context.sourceCode.text, node.range[0]).includes("ORDER:")) return;
        context.report({
          node,
          message: "An Atomics call without an ORDER: comment in its paragraph.",
          hint: "Say above it which access is its partner and why this ordering suffices.",
        });
      },
    };
  },
};

const noSleepInTests: Deno.lint.Rule = {
  create(context) {
    if (!isTestFile(context.filename)) return {};
    return {
      "CallExpression[callee.name=/^set(Timeout|Interval)$/]"(node) {
        context.report({
          node,
          message: "A test that waits for time to pass.",
          hint: "Wait for the event itself: a promise, a message, Atomics.wait.",
        });
      },
    };
  },
};

const noModuleState: Deno.lint.Rule = {
  create(context) {
    const report = (node: Deno.lint.VariableDeclaration): void => {
      if (node.kind !== "let" && node.kind !== "var") return;
      context.report({
        node,
        message: "Changeable state at the top of a module.",
        hint: "Put it into an object that its user creates.",
      });
    };
    return {
      "Program > VariableDeclaration": report,
      "Program > ExportNamedDeclaration > VariableDeclaration": report,
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "weft",
  rules: {
    "order-comment": orderComment,
    "no-sleep-in-tests": noSleepInTests,
    "no-module-state": noModuleState,
  },
};

export default plugin;
