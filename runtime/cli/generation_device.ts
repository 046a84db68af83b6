/** `-device vmgenid,guid=`: the machine's generation ID, in QEMU's words. */

import { NEW_GENERATION } from "../machine/generation_option.ts";
import { isJson, parseJsonProperties } from "./json_properties.ts";
import { parsePropertyList, rejectUnknownProperties } from "./property_list.ts";

const DEVICE = "vmgenid";

/** The ID that a value of `-device` asks for; undefined when it is about another device. Throws UsageError. */
export function parseGenerationDevice(text: string): string | undefined {
  const properties = propertiesOf(text);
  if (properties.get("driver") !== DEVICE) return undefined;
  rejectUnknownProperties("device", properties, ["driver", "guid", "id"]);
  return properties.get("guid") ?? NEW_GENERATION;
}

function propertiesOf(text: string): ReadonlyMap<string, string> {
  if (isJson(text)) return parseJsonProperties("device", text).properties;
  const { head, properties } = parsePropertyList("device", text);
  return head === undefined ? properties : new Map([...properties, ["driver", head]]);
}
