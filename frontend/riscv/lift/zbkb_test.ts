import { signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";

function reverseDigits(byte: string): string {
  return [...Number.parseInt(byte, 16).toString(2).padStart(8, "0")].reverse().join("");
}

testRegisterModels({
  "pack": (a, b) => unsigned(a, 32) | (b << 32n),
  "packh": (a, b) => unsigned(a, 8) | (unsigned(b, 8) << 8n),
  "packw": (a, b) => signed(unsigned(a, 16) | (unsigned(b, 16) << 16n), 32),
  "brev8": (a) => {
    const bytes = unsigned(a).toString(16).padStart(16, "0").match(/../g) ?? [];
    return BigInt(`0b${bytes.map(reverseDigits).join("")}`);
  },
});
