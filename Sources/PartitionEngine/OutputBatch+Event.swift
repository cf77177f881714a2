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
    let place = writePlaces(of: record, version: version, index: index)
    let firstHeader = headers.count
    let framing = headerByteCount
    append(
      OutputHeader(name: names.id, value: place.id), OutputHeader(name: names.type, value: self.type(type)),
      OutputHeader(name: names.sequence, value: place.version))
    if envelope == .cloudevents {
      let source = OutputHeader(name: names.source, value: repeated.source)
      append(OutputHeader(name: names.specVersion, value: names.specVersionValue), source)
      if record.unsafeKey.isUTF8 { append(header: names.subject, place.key) }
      let cause = command.id.map { append($0) } ?? place.position
      append(
        OutputHeader(name: names.time, value: time(record.timestamp)),
        OutputHeader(name: names.causationID, value: cause))
      if contentType != nil || !record.unsafeHeaders.isEmpty {
        appendCarried(from: record, command, contentType: contentType)
      }
    }
    append(
      record: OutputRecord(
        topic: .valid, partition: identity.partition, timestamp: record.timestamp, key: place.key,
        value: value,
        headers: Int32(truncatingIfNeeded: firstHeader)..<Int32(truncatingIfNeeded: headers.count)))
    return Self.framingBytes + headerByteCount - framing + Int(place.key.count) + Int(value.count)
  }

  /// Adds headers that have values, with one look at the room that is left.
  @inline(__always)
  private mutating func append(_ first: OutputHeader, _ second: OutputHeader, _ third: OutputHeader? = nil) {
    headers.append(max: 3) { room in
      room[0] = first
      room[1] = second
      guard let third else { return 2 }
      room[2] = third
      return 3
    }
    headerByteCount &+= first.byteCount &+ second.byteCount &+ (third?.byteCount ?? 0)
  }

  /// Where the texts stand that each event has of its own.
  private struct EventPlaces {
    let key: ByteRange
    /// `<topic>/<partition>/<offset>`, and the same with `/<index>`.
    let position: ByteRange
    let id: ByteRange
    let version: ByteRange
  }

  /// Writes the key, the id and the version, one behind the other, with one look at the room that is left.
  private mutating func writePlaces(
    of record: borrowing CommandRecord, version: UInt64, index: Int
  ) -> EventPlaces {
    let beginning = repeated.position
    let (offset, index) = (UInt64(record.position.offset), UInt64(index))
    let keyBytes = record.unsafeKey.count
    let offsetDigits = ByteWriter.digits(of: offset)
    let positionBytes = Int(beginning.count) + offsetDigits
    let idBytes = positionBytes + 1 + ByteWriter.digits(of: index)
    let versionDigits = ByteWriter.digits(of: version)
    let start = arena.count
    arena.append(count: keyBytes + idBytes + versionDigits) { room in
      let key = room.baseAddress!
      let id = key + keyBytes
      key.copy(record.unsafeKey.baseAddress!, count: keyBytes)
      // The beginning stands before it in the same arena.
      id.copy(UnsafeRawPointer(key - (start - Int(beginning.offset))), count: Int(beginning.count))
      (id + positionBytes).write(decimalBefore: offset)
      (id + positionBytes).storeBytes(of: UInt8(ascii: "/"), as: UInt8.self)
      (id + idBytes).write(decimalBefore: index)
      (id + idBytes + versionDigits).write(decimalBefore: version)
    }
    return EventPlaces(
      key: ByteRange(offset: start, count: keyBytes),
      position: ByteRange(offset: start + keyBytes, count: positionBytes),
      id: ByteRange(offset: start + keyBytes, count: idBytes),
      version: ByteRange(offset: start + keyBytes + idBytes, count: versionDigits))
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

extension UnsafeMutableRawPointer {
  /// Copies bytes that are mostly few: up to 16 without a call.
  @inline(__always)
  func copy(_ source: UnsafeRawPointer, count: Int) {
    if count > 16 || count < 8 { return copyMemory(from: source, byteCount: count) }
    let (first, last) = (source.word(at: 0), source.word(at: count &- 8))
    storeBytes(of: first, as: UInt64.self)
    storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
  }

  /// Writes a number's decimal digits so that the last one stands right before this address.
  @inline(__always)
  func write(decimalBefore value: UInt64) {
    var (place, rest) = (self, value)
    repeat {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ digit), as: UInt8.self)
      rest = quotient
    } while rest > 0
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are valid UTF-8.
  var isUTF8: Bool { isASCII || String(validating: self, as: UTF8.self) != nil }

  /// Eight bytes at a time, since most keys are.
  @inline(__always)
  private var isASCII: Bool {
    guard let start = baseAddress else { return true }
    var (index, bits): (Int, UInt64) = (0, 0)
    while index &+ 8 <= count {
      bits |= start.word(at: index)
      index &+= 8
    }
    while index < count {
      bits |= UInt64(start.load(fromByteOffset: index, as: UInt8.self))
      index &+= 1
    }
    return bits & 0x8080_8080_8080_8080 == 0
  }
}
