import Sequitur

extension OutputBatch {
  /// What a record costs besides its key, value and headers: the record's own fields and a batch of its own
  /// (61 bytes and at most 26: Kafka's record format v2, <https://kafka.apache.org/documentation/#recordbatch>).
  @usableFromInline static var framingBytes: Int { 96 }
  /// What a header costs besides its name and value: two lengths of at most 5 bytes.
  static var headerFramingBytes: Int { 10 }

  /// Encodes one event, whose payload stands in the arena already, for the valid topic, and returns the record's size in
  /// bytes. The template is the one for its partition.
  @usableFromInline
  mutating func appendEvent(
    type: String, payload value: ByteRange, version: UInt64, index: Int,
    of record: borrowing CommandRecord, _ command: CommandHeaders, contentType: String?
  ) -> Int {
    prepareTemplate(type: type, timestamp: record.timestamp)
    let place = writePlaces(of: record, version: version, index: index)
    let firstHeader = headers.count
    let framing = headerByteCount
    appendTemplate(place, of: record.unsafeKey)
    if contentType != nil || !record.unsafeHeaders.isEmpty, template.envelope == .cloudevents {
      appendCarried(from: record, command, contentType: contentType)
    }
    append(
      record: OutputRecord(
        topic: .valid, partition: templatePartition, timestamp: template.recordTimestamp, key: place.key,
        value: value, headers: firstHeader, to: headers.count))
    return Self.framingBytes &+ headerByteCount &- framing &+ Int(place.key.count) &+ Int(value.count)
  }

  /// Adds the headers that every event has, with the places of this one's own texts.
  @inline(__always)
  private mutating func appendTemplate(_ place: EventPlaces, of key: UnsafeRawBufferPointer) {
    typealias Slot = EventTemplate.Slot
    let (common, envelope) = (template.headers.start, template.envelope)
    headerByteCount &+= template.byteCount &+ Int(place.id.count) &+ Int(place.version.count)
    headers.append(max: Slot.count) { room in
      // A copy of a fixed size in either case.
      if envelope == .compact {
        room.initialize(from: common, count: Slot.countCompact)
      } else {
        room.initialize(from: common, count: Slot.count)
        room[Slot.subject].setValue(place.key)
        room[Slot.causationID].setValue(place.position)
      }
      room[Slot.id].setValue(place.id)
      room[Slot.sequence].setValue(place.version)
      return envelope == .compact ? Slot.countCompact : Slot.count
    }
    guard envelope == .cloudevents else { return }
    headerByteCount &+= Int(place.key.count) &+ Int(place.position.count)
    let first = headers.count &- Slot.count
    // The last one first, so that the other one's place stays.
    if !template.isTimed { removeHeader(at: first &+ Slot.time) }
    if !key.isUTF8 { removeHeader(at: first &+ Slot.subject) }
  }

  /// Leaves one of the last event's headers out: its subject is not text, or its command has no time.
  @inline(never)
  private mutating func removeHeader(at place: Int) {
    headerByteCount -= headers[place].byteCount
    for index in place..<(headers.count - 1) { headers[index] = headers[index + 1] }
    headers.truncate(to: headers.count - 1)
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
  @inline(__always)
  private mutating func writePlaces(
    of record: borrowing CommandRecord, version: UInt64, index: Int
  ) -> EventPlaces {
    let offset = record.position.offset
    let keyBytes = record.unsafeKey.count
    let start = arena.count
    var (positionBytes, idBytes, versionBytes) = (0, 0, 0)
    let (topic, last, lastOffset) = (template.topic, template.position, template.offset)
    arena.append(max: keyBytes &+ Int(topic.count) &+ Self.numberBytesMax) { room in
      room.copy(record.unsafeKey.baseAddress!, count: keyBytes)
      let arena = UnsafeRawPointer(room + (0 &- start))
      let id = room + keyBytes
      if id.copy(arena + Int(last.offset), Int(last.count), adding: offset &- lastOffset) {
        positionBytes = Int(last.count)
      } else {
        id.copyBlocks(arena + Int(topic.offset), count: Int(topic.count))
        let number = id + Int(topic.count)
        positionBytes = Int(topic.count) &+ number.write(decimal: UInt64(truncatingIfNeeded: offset))
      }
      (id + positionBytes).storeBytes(of: UInt8(ascii: "/"), as: UInt8.self)
      let number = id + positionBytes + 1
      idBytes = positionBytes &+ 1 &+ number.write(decimal: UInt64(truncatingIfNeeded: index))
      versionBytes = (id + idBytes).write(decimal: version)
      return keyBytes &+ idBytes &+ versionBytes
    }
    template.offset = offset
    template.position = ByteRange(offset: start &+ keyBytes, count: positionBytes)
    return EventPlaces(
      key: ByteRange(offset: start, count: keyBytes), position: template.position,
      id: ByteRange(offset: start &+ keyBytes, count: idBytes),
      version: ByteRange(offset: start &+ keyBytes &+ idBytes, count: versionBytes))
  }

  /// Three numbers of at most 20 digits, a slash, and what `copyBlocks` may write too much.
  private static var numberBytesMax: Int { 3 * 20 + 1 + 16 }

  /// The command's id as the cause, the content type, and what else of the command's headers goes on to its events.
  private mutating func appendCarried(
    from record: borrowing CommandRecord, _ command: CommandHeaders, contentType: String?
  ) {
    if let id = command.id {
      let cause = append(id)
      headerByteCount += Int(cause.count) - Int(headers[headers.count - 1].value?.count ?? 0)
      headers[headers.count - 1].value = cause
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

  /// Copies bytes in blocks of 16: up to 15 more are read and written than asked for, for which there must be room.
  @inline(__always)
  func copyBlocks(_ source: UnsafeRawPointer, count: Int) {
    var index = 0
    repeat {
      storeBytes(
        of: source.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self), toByteOffset: index,
        as: SIMD16<UInt8>.self)
      index &+= 16
    } while index < count
  }

  /// Copies a text that ends with a number, and adds to it, when that only changes its last digit. The same room as for
  /// `copyBlocks` is needed.
  ///
  /// - Returns: whether it does; otherwise nothing that counts was written.
  @inline(__always)
  func copy(_ source: UnsafeRawPointer, _ count: Int, adding difference: Int64) -> Bool {
    guard 0...9 ~= difference else { return false }
    let digit = source.load(fromByteOffset: count &- 1, as: UInt8.self)
    guard Int64(digit) &+ difference <= Int64(UInt8(ascii: "9")) else { return false }
    copyBlocks(source, count: count)
    storeBytes(of: digit &+ UInt8(truncatingIfNeeded: difference), toByteOffset: count &- 1, as: UInt8.self)
    return true
  }

  /// Writes a number's decimal digits; returns how many.
  @inline(__always)
  func write(decimal value: UInt64) -> Int {
    if value < 10 {
      storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ value), as: UInt8.self)
      return 1
    }
    return writeLong(decimal: value)
  }

  @inline(never)
  private func writeLong(decimal value: UInt64) -> Int {
    let count = ByteWriter.digits(of: value)
    var (place, rest) = (self + count, value)
    repeat {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ digit), as: UInt8.self)
      rest = quotient
    } while rest > 0
    return count
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are valid UTF-8.
  @inline(__always)
  var isUTF8: Bool { isASCII || String(validating: self, as: UTF8.self) != nil }

  /// Eight bytes at a time, since most keys are.
  @inline(__always)
  private var isASCII: Bool {
    guard let start = baseAddress else { return true }
    if 8...16 ~= count {
      return (start.word(at: 0) | start.word(at: count &- 8)) & 0x8080_8080_8080_8080 == 0
    }
    return isLongASCII(start)
  }

  @inline(never)
  private func isLongASCII(_ start: UnsafeRawPointer) -> Bool {
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
