/** Opens what is shared, in the worker that serves it; loaded by machines that share something. */

import { CallerTree } from "../file_share/caller_tree.ts";
import type { FileTree } from "../file_share/file_tree.ts";
import { HostTree } from "../file_share/host_tree.ts";
import { MappedTree } from "../file_share/mapped_tree.ts";
import { ShareServer } from "../file_share/share_server.ts";
import type { ShareStart } from "../machine/worker_messages.ts";
import type { BackEndCaller, BackEndPlace } from "./back_end_caller.ts";

/** The server of a share. @param callerOf reaches a back end on main */
export function openShare(
  { source, isReadonly }: ShareStart,
  callerOf: (place: BackEndPlace) => BackEndCaller,
): ShareServer {
  return new ShareServer(
    "root" in source ? folderTree(source) : new CallerTree(callerOf(source)),
    isReadonly,
  );
}

function folderTree(
  { root, isMapped }: { readonly root: string; readonly isMapped: boolean },
): FileTree {
  const tree = new HostTree(root);
  return isMapped ? new MappedTree(tree) : tree;
}
