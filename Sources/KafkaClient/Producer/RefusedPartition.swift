import CRdKafka

/// The partition that a coordinator did not add to a transaction: librdkafka names it in its log only.
struct RefusedPartition: Sendable, Hashable {
  let place: TopicPartition
  /// librdkafka's words for the error's code.
  let reason: String

  /// Reads a line with the facility ADDPARTS, such as
  /// `…: Failed to add partition "t" [0] to transaction: Broker: Topic authorization failed`.
  ///
  /// Nil for others, and for partitions that were only skipped since another one was refused.
  init?(logLine: String) {
    guard
      let found = logLine.firstMatch(
        of: #/Failed to add partition "([^"]*)" \[([0-9]+)\] to transaction: (.*)$/#),
      let partition = Int32(found.2)
    else { return nil }
    let skipped = String(cString: rd_kafka_err2str(RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED))
    guard found.3 != skipped else { return nil }
    place = TopicPartition(topic: String(found.1), partition: partition)
    reason = String(found.3)
  }
}
