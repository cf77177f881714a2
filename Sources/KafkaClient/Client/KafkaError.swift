/// What went wrong in a call to librdkafka, or what a client reported by itself.
///
/// Errors carry no property values, so no secrets (see ``KafkaConfiguration``). ``severity`` says what to do next.
public struct KafkaError: Error, Sendable, CustomStringConvertible {
  /// librdkafka's or the broker's error code (`rd_kafka_resp_err_t`).
  public var code: Code
  /// What was to be done, as a phrase that follows "Expected to": `commit the transaction`.
  public var operation: String
  /// What happened instead, a phrase or sentence for people.
  public var detail: String
  /// The topic concerned, when one is known.
  public var topic: String?
  /// The partition concerned, when one is known.
  public var partition: Int32?
  /// The offset concerned, when one is known.
  public var offset: Int64?
  /// The librdkafka property that was refused, when that is what happened.
  public private(set) var property: String?
  /// The same call may succeed when repeated (`rd_kafka_error_is_retriable`).
  public var isRetriable: Bool
  /// The client instance is of no more use (`rd_kafka_error_is_fatal`). Destroy it, and make another if needed.
  public var isFatal: Bool
  /// The transaction must be aborted; the next one may succeed (`rd_kafka_error_txn_requires_abort`).
  public var requiresAbort: Bool
  /// Why the client's last connection failed, when the error is that no broker answered.
  public var connection: ConnectionFailure?

  /// An error of the given code; flags default to false.
  public init(
    code: Code, operation: String, detail: String, topic: String? = nil, partition: Int32? = nil,
    offset: Int64? = nil, isRetriable: Bool = false, isFatal: Bool = false, requiresAbort: Bool = false
  ) {
    self.code = code
    self.operation = operation
    self.detail = detail
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.isRetriable = isRetriable
    self.isFatal = isFatal
    self.requiresAbort = requiresAbort
  }

  /// A property was refused.
  ///
  /// - Parameter reason: a clause that follows "but"; no value of a secret property.
  static func refusedProperty(_ name: String, _ reason: String) -> KafkaError {
    var error = KafkaError(
      code: .invalidArgument, operation: "set the property \"\(name)\"", detail: reason)
    error.property = name
    return error
  }

  /// What to do, where that is known: a sentence. Of a connection that failed, a right that is missing, and a property that was
  /// refused.
  public var cure: String? {
    if let rightCure { return rightCure }
    if let connection { return connection.cure }
    return code == .invalidArgument ? "Correct the librdkafka property that is named." : nil
  }

  /// `Expected to commit the transaction, but … (_TIMED_OUT)`, with topic, partition and offset where known.
  public var description: String {
    var place = ""
    if let topic { place += " topic \(topic)" }
    if let partition { place += " partition \(partition)" }
    if let offset { place += " offset \(offset)" }
    let location = place.isEmpty ? "" : ", at\(place)"
    let cause = connection.map { "; the last connection failed: \($0)" } ?? ""
    return "Expected to \(operation), but \(detail) (\(code.name)\(location))\(cause)"
  }
}
