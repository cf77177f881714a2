/// How much an event's headers say.
public enum Envelope: String, Sendable, CaseIterable {
  /// All attributes of CloudEvents 1.0 in Kafka's binary mode.
  case cloudevents
  /// Only `ce_id`, `ce_type` and `ce_sequence`, for those who count bytes.
  case compact
}
