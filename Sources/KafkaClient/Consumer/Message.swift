import CRdKafka

/// A view of a consumed message: a record, the end of a partition, or an error of a partition or the consumer.
///
/// Ask ``isEndOfPartition`` and ``error`` first. The view cannot outlive the batch (the compiler sees to it), the
/// buffers it hands out can: do not keep them. Allocates nothing, except for ``topic`` and ``error``.
public struct Message: ~Escapable {
  @usableFromInline let raw: UnsafePointer<rd_kafka_message_t>

  @inlinable
  @_lifetime(borrow batch)
  init(raw: UnsafeMutablePointer<rd_kafka_message_t>, of batch: borrowing MessageBatch) {
    self.raw = UnsafePointer(raw)
  }

  /// The topic's name, empty for an error of the whole consumer. Makes a string: see ``topicHandle``.
  public var topic: String { raw.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? "" }

  /// Identity of the topic within its client: equal for all messages of a topic. Not to be dereferenced.
  @inlinable
  public var topicHandle: UnsafeRawPointer? { raw.pointee.rkt.map { UnsafeRawPointer($0) } }

  /// The partition's number.
  @inlinable
  public var partition: Int32 { raw.pointee.partition }

  /// The record's offset. At an end of partition, the offset the next record will have: it lies behind the
  /// control records of transactions, which are never delivered.
  @inlinable
  public var offset: Int64 { raw.pointee.offset }

  /// The record's timestamp, milliseconds since 1970, set by its producer or by the broker as the topic says;
  /// -1 for none (`rd_kafka_message_timestamp`).
  @inlinable
  public var timestamp: Int64 { rd_kafka_message_timestamp(raw, nil) }

  /// Whether the broker set the timestamp when it took the record (`message.timestamp.type=LogAppendTime`).
  public var isAppendTime: Bool {
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    _ = rd_kafka_message_timestamp(raw, &type)
    return type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME
  }

  /// The key, nil for the null key. An empty key is an empty buffer.
  @inlinable
  public var key: UnsafeRawBufferPointer? {
    raw.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.key_len) }
  }

  /// The value, nil for the null value (a tombstone). An empty value is an empty buffer.
  ///
  /// Of an error this is nil: librdkafka keeps the error's text there.
  @inlinable
  public var value: UnsafeRawBufferPointer? {
    guard isRecord else { return nil }
    return raw.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.len) }
  }

  /// Whether this is a record rather than an event.
  @inlinable
  public var isRecord: Bool { raw.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR }

  /// Whether the consumer has reached the end of the partition (only with `enable.partition.eof=true`). With
  /// `isolation.level=read_committed` that is the last stable offset.
  @inlinable
  public var isEndOfPartition: Bool { raw.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF }

  /// The error this message stands for, nil for a record and for the end of a partition.
  public var error: KafkaError? {
    guard !isRecord, !isEndOfPartition else { return nil }
    let detail = rd_kafka_message_errstr(raw).map { String(cString: $0) }
    var error = KafkaError(raw.pointee.err, operation: KafkaError.consuming, detail: detail)
    guard raw.pointee.rkt != nil else { return error }
    error.topic = topic
    if partition >= 0 { error.partition = partition }
    if offset >= 0 { error.offset = offset }
    return error
  }

  /// Lends each header's name (without the final NUL) and value (nil for null), in order. Names may repeat.
  ///
  /// Parsed on first use (`rd_kafka_message_headers`, `rd_kafka_header_get_all`). The buffers live as long as
  /// the message.
  /// - Returns: false when there are headers that librdkafka cannot parse, or more than it takes (100,000): none was lent
  ///   then, which must not be taken for a record without headers.
  @inlinable
  public func forEachHeader<E: Error>(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
  ) throws(E) -> Bool {
    guard isRecord else { return true }
    var headers: OpaquePointer?
    let result = rd_kafka_message_headers(raw, &headers)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return result == RD_KAFKA_RESP_ERR__NOENT }
    var index = 0
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
      index += 1
      guard let name else { continue }
      try body(
        UnsafeRawBufferPointer(start: name, count: kafka_shim_length(name)),
        value.map { UnsafeRawBufferPointer(start: $0, count: size) })
    }
    return true
  }
}
