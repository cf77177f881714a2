import Sequitur

extension OutputBatch {
  /// The longest `rejection-reason`, in bytes; a longer one is cut, since a decider may throw anything.
  static var reasonBytesMax: Int { 1024 }

  /// Encodes the record for the invalid topic: the command as it is, and why it was rejected.
  ///
  /// A command so large that its rejection would not fit the topic loses its payload, and says so in the
  /// header `payload-omitted`: its size in bytes. If that is not enough it loses its own headers, and of a key
  /// that is itself too large only the beginning is kept, with its size in the header `key-cut`.
  @usableFromInline
  mutating func appendRejection(
    _ refusal: Refusal, of record: borrowing CommandRecord, identity: PartitionIdentity, recordBytesMax: Int
  ) {
    let start = mark()
    for omission in RejectionOmission.allCases {
      append(refusal, record, identity, omission)
      if lastRecordByteCount <= recordBytesMax { return }
      if omission != .key { rollBack(to: start) }
    }
  }

  private mutating func append(
    _ refusal: Refusal, _ record: borrowing CommandRecord, _ identity: PartitionIdentity,
    _ omission: RejectionOmission
  ) {
    let isKeyCut = omission == .key && record.unsafeKey.count > Limits.keyBytesMax
    let key = append(
      isKeyCut
        ? UnsafeRawBufferPointer(rebasing: record.unsafeKey.prefix(Limits.keyBytesMax)) : record.unsafeKey)
    let value = omission == .nothing ? record.unsafePayload.map { append($0) } : nil
    let firstHeader = headers.count
    if omission < .headers {
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
    append(header: names.commandTimestamp) { $0.append(decimal: record.timestamp) }
    append(header: names.rejectionSource) { writer in
      writer.append(UInt8(ascii: "/"))
      writer.append(identity.applicationID)
    }
    if let original = refusal.originalVersion {
      append(header: names.originalVersion) { $0.append(decimal: original) }
    }
    if let omitted = record.unsafePayload, omission > .nothing {
      append(header: names.payloadOmitted) { $0.append(decimal: UInt64(omitted.count)) }
    }
    if isKeyCut {
      append(header: names.keyCut) { $0.append(decimal: UInt64(record.unsafeKey.count)) }
    }
    append(
      record: OutputRecord(
        topic: .invalid, partition: identity.partition, timestamp: OutputRecord.timeOfWriting, key: key,
        value: value,
        headers: firstHeader, to: headers.count))
  }

  private var lastRecordByteCount: Int {
    let record = records[records.count - 1]
    return byteCount(ofHeadersFrom: record.headers.lowerBound) + Int(record.key.count)
      + Int(record.value?.count ?? 0)
  }
}

/// What a rejection leaves out of its command to fit the topic; each leaves out what those before do.
private enum RejectionOmission: Int, CaseIterable, Comparable {
  case nothing, payload, headers, key

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
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
