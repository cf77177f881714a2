import KafkaClient

/// A restore that got nothing for too long. It is tried again.
struct RestoreStalled: Error, CustomStringConvertible {
  let topic: String
  let partition: Int32
  let position: Int64
  let target: Int64
  let after: Duration
  var lastError: KafkaError?

  var description: String {
    "Expected to restore \(topic)/\(partition) up to offset \(target), but nothing came after offset "
      + "\(position) for \(after). "
      + (lastError.map { "The last error was: \($0)" } ?? "Is a transaction open on it, or the broker away?")
  }
}
