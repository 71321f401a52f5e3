/** What happens to bytes that cannot be used? They are refused with one sentence for the person, which every host shows. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
}
