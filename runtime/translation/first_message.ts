/**
 * The first message to this worker. To be imported before Binaryen, which is ready only after an await: a
 * message that comes meanwhile would find nobody who listens, and be lost.
 */
export const firstMessage: Promise<unknown> = new Promise((resolve) => {
  self.addEventListener("message", (event) => resolve((event as MessageEvent).data), {
    once: true,
  });
});
