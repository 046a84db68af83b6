// Cuts text that arrives in pieces into lines; serial consoles end them with carriage return and line feed.

/** Pieces in, whole lines out; what follows the last line feed is a line as well. */
export class TextLineStream extends TransformStream<string, string> {
  /** A stream without any text yet. */
  constructor() {
    let rest = "";
    super({
      transform(piece, controller): void {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line.replace(/\r$/, ""));
      },
      flush(controller): void {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
