import Sequitur

extension OutputBatch {
  /// The longest `rejection-reason`, in bytes; a longer one is cut, since a decider may throw anything.
  static var reasonBytesMax: Int { 1024 }

  /// Encodes the record for the invalid topic: the command as it is, and why it was rejected.
  ///
  /// A command so large that its rejection would not fit the topic loses its payload, and says so in the
  /// header `payload-omitted`: its size in bytes. The same if its own headers do not fit.
  @usableFromInline
  mutating func appendRejection(
    _ refusal: Refusal, of record: borrowing CommandRecord, identity: PartitionIdentity, recordBytesMax: Int
  ) {
    let start = mark()
    let payload = record.unsafePayload
    append(refusal, record, identity, payload: payload, carriesHeaders: true)
    if lastRecordByteCount > recordBytesMax {
      rollBack(to: start)
      append(refusal, record, identity, payload: nil, carriesHeaders: true)
    }
    if lastRecordByteCount > recordBytesMax {
      rollBack(to: start)
      append(refusal, record, identity, payload: nil, carriesHeaders: false)
    }
  }

  private mutating func append(
    _ refusal: Refusal, _ record: borrowing CommandRecord, _ identity: PartitionIdentity,
    payload: UnsafeRawBufferPointer?, carriesHeaders: Bool
  ) {
    let key = append(record.unsafeKey)
    let value = payload.map { append($0) }
    let firstHeader = headers.count
    if carriesHeaders {
      for header in record.unsafeHeaders { carry(header) }
    }
    append(header: names.rejectionCode, text: refusal.rejection.code.rawValue)
    append(header: names.rejectionReason) { writer in
      let reason = refusal.rejection.reason
      writer.append(
        reason.utf8.count <= Self.reasonBytesMax ? reason : reason.cut(toBytes: Self.reasonBytesMax))
    }
    append(header: names.objectVersion) { $0.append(decimal: refusal.objectVersion) }
    append(header: names.commandPosition) { $0.append(position: record.position, in: identity.commandsTopic) }
    if let original = refusal.originalVersion {
      append(header: names.originalVersion) { $0.append(decimal: original) }
    }
    if let omitted = record.unsafePayload, payload == nil {
      append(header: names.payloadOmitted) { $0.append(decimal: UInt64(omitted.count)) }
    }
    append(
      record: OutputRecord(
        topic: .invalid, partition: identity.partition, timestamp: record.timestamp, key: key, value: value,
        headers: Int32(firstHeader)..<Int32(headers.count)))
  }

  private var lastRecordByteCount: Int {
    let record = records[records.count - 1]
    return byteCount(ofHeadersFrom: Int(record.headers.lowerBound)) + Int(record.key.count)
      + Int(record.value?.count ?? 0)
  }
}

extension String {
  /// As many whole characters as fit, and an ellipsis.
  fileprivate func cut(toBytes limit: Int) -> String {
    var result = ""
    for character in self {
      guard result.utf8.count + character.utf8.count <= limit - 3 else { break }
      result.append(character)
    }
    return result + "…"
  }
}
