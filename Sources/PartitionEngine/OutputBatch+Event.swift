import Sequitur

extension OutputBatch {
  /// What a record costs besides its key, value and headers: the record's own fields and a batch of its own
  /// (61 bytes and at most 26: Kafka's record format v2, <https://kafka.apache.org/documentation/#recordbatch>).
  @usableFromInline static var framingBytes: Int { 96 }
  /// What a header costs besides its name and value: two lengths of at most 5 bytes.
  static var headerFramingBytes: Int { 10 }

  /// Encodes one event, whose payload stands in the arena already, for the valid topic, and returns the record's size in bytes.
  @usableFromInline
  mutating func appendEvent(
    type: String, payload value: ByteRange, version: UInt64, index: Int,
    of record: borrowing CommandRecord, _ command: CommandHeaders, contentType: String?,
    identity: PartitionIdentity, envelope: Envelope
  ) -> Int {
    writePlace(of: identity)
    let key = append(record.unsafeKey)
    let firstHeader = headers.count
    let position = append(offset: record.position.offset, behind: repeated.position)
    arena.append(UInt8(ascii: "/"))
    arena.append(decimal: UInt64(index))
    append(
      header: names.id,
      ByteRange(offset: Int(position.offset), count: arena.count - Int(position.offset)))
    append(header: names.type, self.type(type))
    append(header: names.sequence) { $0.append(decimal: version) }
    if envelope == .cloudevents {
      append(header: names.specVersion, names.specVersionValue)
      append(header: names.source, repeated.source)
      if record.unsafeKey.isUTF8 { append(header: names.subject, key) }
      append(header: names.time, time(record.timestamp))
      append(header: names.causationID, command.id.map { append($0) } ?? position)
      appendCarried(from: record, command, contentType: contentType)
    }
    append(
      record: OutputRecord(
        topic: .valid, partition: identity.partition, timestamp: record.timestamp, key: key, value: value,
        headers: Int32(firstHeader)..<Int32(headers.count)))
    return byteCount(ofHeadersFrom: firstHeader) + Int(key.count) + Int(value.count)
  }

  /// The content type, and what else of the command's headers goes on to its events.
  private mutating func appendCarried(
    from record: borrowing CommandRecord, _ command: CommandHeaders, contentType: String?
  ) {
    if let contentType {
      append(header: names.contentType, text: contentType)
    } else if let contentType = command.contentType {
      append(header: names.contentType, append(contentType))
    }
    for header in record.unsafeHeaders where CommandHeaders.isCarried(header) { carry(header) }
  }

  /// Writes `<topic>/<partition>/<offset>`, whose beginning stands in the arena already.
  private mutating func append(offset: Int64, behind beginning: ByteRange) -> ByteRange {
    // Before the bytes are pointed at: the arena may move when it grows.
    arena.reserve(Int(beginning.count))
    let start = arena.count
    arena.append(bytes(beginning))
    arena.append(decimal: offset)
    return ByteRange(offset: start, count: arena.count - start)
  }

  /// Copies a command's header as it is.
  mutating func carry(_ header: RecordHeader) {
    let name = append(header.name)
    append(header: name, header.value.map { append($0) })
  }

  func byteCount(ofHeadersFrom first: Int) -> Int {
    var sum = Self.framingBytes
    for index in first..<headers.count {
      let header = headers[index]
      sum += Int(header.name.count) + Int(header.value?.count ?? 0) + Self.headerFramingBytes
    }
    return sum
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
  var isUTF8: Bool { isASCII || String(validating: self, as: UTF8.self) != nil }

  /// Eight bytes at a time, since most keys are.
  private var isASCII: Bool {
    var index = 0
    while index + 8 <= count {
      guard loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
        return false
      }
      index += 8
    }
    while index < count {
      guard self[index] < 0x80 else { return false }
      index += 1
    }
    return true
  }
}
