import Sequitur

extension OutputBatch {
  /// What a record costs besides its key, value and headers: the record's own fields and a batch of its own
  /// (61 bytes and at most 26: Kafka's record format v2, <https://kafka.apache.org/documentation/#recordbatch>).
  @usableFromInline static var framingBytes: Int { 96 }
  /// What a header costs besides its name and value: two lengths of at most 5 bytes.
  static var headerFramingBytes: Int { 10 }

  /// Encodes one event for the valid topic, and returns the record's size in bytes.
  @usableFromInline
  mutating func appendEvent(
    type: String, payload: UnsafeRawBufferPointer, version: UInt64, index: Int,
    of record: borrowing CommandRecord, _ command: CommandHeaders, contentType: String?,
    identity: PartitionIdentity, envelope: Envelope
  ) -> Int {
    let key = append(record.unsafeKey)
    let value = append(payload)
    let firstHeader = headers.count
    append(header: names.id) { writer in
      writer.append(position: record.position, in: identity.commandsTopic)
      writer.append(UInt8(ascii: "/"))
      writer.append(decimal: UInt64(index))
    }
    append(header: names.type, text: type)
    append(header: names.sequence) { $0.append(decimal: version) }
    if envelope == .cloudevents {
      appendCloudEvent(of: record, command, key: key, contentType: contentType, identity: identity)
    }
    append(
      record: OutputRecord(
        topic: .valid, partition: identity.partition, timestamp: record.timestamp, key: key, value: value,
        headers: Int32(firstHeader)..<Int32(headers.count)))
    return byteCount(ofHeadersFrom: firstHeader) + Int(key.count) + Int(value.count)
  }

  /// The attributes that the compact envelope leaves out.
  private mutating func appendCloudEvent(
    of record: borrowing CommandRecord, _ command: CommandHeaders, key: ByteRange, contentType: String?,
    identity: PartitionIdentity
  ) {
    append(header: names.specVersion, names.specVersionValue)
    append(header: names.source) { writer in
      writer.append(UInt8(ascii: "/"))
      writer.append(identity.applicationID)
    }
    if record.unsafeKey.isUTF8 { append(header: names.subject, key) }
    append(header: names.time) { $0.append(rfc3339: record.timestamp) }
    if let id = command.id {
      append(header: names.causationID, append(id))
    } else {
      append(header: names.causationID) { $0.append(position: record.position, in: identity.commandsTopic) }
    }
    if let contentType {
      append(header: names.contentType, text: contentType)
    } else if let contentType = command.contentType {
      append(header: names.contentType, append(contentType))
    }
    for header in record.unsafeHeaders where CommandHeaders.isCarried(header) { carry(header) }
  }

  /// Copies a command's header as it is.
  mutating func carry(_ header: RecordHeader) {
    let name = append(header.name)
    append(header: name, header.value.map { append($0) })
  }

  func byteCount(ofHeadersFrom first: Int) -> Int {
    headers[first...].reduce(Self.framingBytes) { sum, header in
      sum + Int(header.name.count) + Int(header.value?.count ?? 0) + Self.headerFramingBytes
    }
  }
}

extension ByteWriter {
  /// Appends `<topic>/<partition>/<offset>`.
  mutating func append(position: CommandPosition, in topic: String) {
    append(topic)
    append(UInt8(ascii: "/"))
    append(decimal: Int64(position.partition))
    append(UInt8(ascii: "/"))
    append(decimal: position.offset)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are valid UTF-8.
  var isUTF8: Bool {
    allSatisfy { $0 < 0x80 } || String(validating: self, as: UTF8.self) != nil
  }
}
