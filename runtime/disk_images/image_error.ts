/** Complaints about disk images. Whatever an image holds, it is one of these and no other error. */

import { ConfigurationError } from "../machine/configuration_error.ts";

/** An image whose metadata contradict themselves. Nothing was written because of them. */
export class DamagedImageError extends ConfigurationError {
  /** @param image its name in messages */
  constructor(image: string, cause: string) {
    super({
      what: image,
      cause: `the image is damaged: ${cause}`,
      fix: "look with: img check FILE; it repairs some of it with -r all; or take a copy",
    });
  }
}

/** An image of a kind that cannot be used here. */
export function unsupportedImage(image: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what: image, cause, fix });
}
