/** A worker that is never done loading. */

await new Promise(() => {});
