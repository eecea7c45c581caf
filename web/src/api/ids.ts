/** A new random id of 16 letters and digits: for points, regions, edits and reviews. */
export function newId(): string {
  // crypto.randomUUID exists in secure contexts only; this works on any address.
  const letters = "abcdefghijklmnopqrstuvwxyz012345";
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => letters[byte % 32]).join("");
}
