import Sequitur

/// The headers of an event as most events of a batch have them in common: they are copied as one block, and an event
/// then only puts the places of its own texts into them.
///
/// The texts that events share stand in the batch's arena once: headers are ranges of it.
struct EventTemplate: ~Copyable, Sendable {
  /// Which header is which. ``Envelope/compact`` has the first three.
  enum Slot {
    static let id = 0, type = 1, sequence = 2
    static let specVersion = 3, source = 4, subject = 5, time = 6, causationID = 7
    static let count = 8, countCompact = 3
  }

  var headers = GrowingBuffer<OutputHeader>(capacity: Slot.count)
  private(set) var envelope = Envelope.cloudevents
  /// Bytes of all names and of the values in common, framing included.
  private(set) var byteCount = 0
  private(set) var type = ""
  private(set) var timestamp: Int64 = 0
  /// Of the events' records.
  private(set) var recordTimestamp: Int64 = 0
  /// Where the arena ended when the last of these texts had been written.
  private(set) var end = 0

  /// `<topic>/<partition>/`.
  private(set) var topic = ByteRange(offset: 0, count: 0)
  /// The place of the last event's `<topic>/<partition>/<offset>`, which the next one's mostly is but for a digit.
  var position = ByteRange(offset: 0, count: 0)
  /// The last event's offset.
  var offset = Self.noOffset

  /// There was no event, or its text is gone. No command stands at this offset, since none could follow.
  private static var noOffset: Int64 { .max }

  /// Forgets the last event when its position does not stand in the arena any more, once that is truncated to `end`.
  mutating func forgetPosition(behind end: Int) {
    if Int(position.offset) + Int(position.count) > end { offset = Self.noOffset }
  }

  /// Begins anew for a partition, with `headers` as they are but for the values of each event.
  mutating func begin(_ envelope: Envelope, topic: ByteRange, headers: [OutputHeader], arenaEnd: Int) {
    self.headers.truncate(to: 0)
    for header in headers { self.headers.append(header) }
    self.envelope = envelope
    self.topic = topic
    offset = Self.noOffset
  }

  mutating func setType(_ type: String, _ text: ByteRange, arenaEnd: Int) {
    self.type = type
    headers[Slot.type].value = text
    setCommon(arenaEnd: arenaEnd)
  }

  /// Whether the commands have a time for their events to tell.
  var isTimed: Bool { timestamp != CommandRecord.noTimestamp }

  mutating func setTime(_ timestamp: Int64, _ text: ByteRange, arenaEnd: Int) {
    self.timestamp = timestamp
    recordTimestamp = isTimed ? timestamp : OutputRecord.timeOfWriting
    headers[Slot.time].value = text
    setCommon(arenaEnd: arenaEnd)
  }

  private mutating func setCommon(arenaEnd: Int) {
    end = arenaEnd
    byteCount = 0
    let count = envelope == .compact ? Slot.countCompact : Slot.count
    for header in headers.elements[..<count] { byteCount += header.byteCount }
  }
}

extension OutputBatch {
  /// Begins the template for a partition, where ``templatePartition`` is another one. Apart from the event, since an
  /// identity is seven words to pass on.
  @usableFromInline @inline(never)
  mutating func beginTemplate(
    of identity: PartitionIdentity, _ envelope: Envelope, type: String, timestamp: Int64
  ) {
    let source = text { writer in
      writer.append(UInt8(ascii: "/"))
      writer.append(identity.applicationID)
    }
    let topic = text { writer in
      writer.append(identity.commandsTopic)
      writer.append(UInt8(ascii: "/"))
      writer.append(decimal: Int64(identity.partition))
      writer.append(UInt8(ascii: "/"))
    }
    let own = ByteRange(offset: arena.count, count: 0)
    let made = [
      OutputHeader(name: names.id, value: own), OutputHeader(name: names.type, value: own),
      OutputHeader(name: names.sequence, value: own),
      OutputHeader(name: names.specVersion, value: names.specVersionValue),
      OutputHeader(name: names.source, value: source), OutputHeader(name: names.subject, value: own),
      OutputHeader(name: names.time, value: own), OutputHeader(name: names.causationID, value: own),
    ]
    template.begin(envelope, topic: topic, headers: made, arenaEnd: arena.count)
    templatePartition = identity.partition
    setTemplateType(type)
    setTemplateTime(timestamp)
  }

  /// Sees to it that the template is the one for these events of its partition.
  @inline(__always)
  mutating func prepareTemplate(type: String, timestamp: Int64) {
    if template.timestamp != timestamp { setTemplateTime(timestamp) }
    if template.type != type { setTemplateType(type) }
  }

  /// Forgets what does not stand in the arena any more, once that is truncated to `end`.
  mutating func forgetTemplate(behind end: Int) {
    if template.end > end { templatePartition = -1 }
    template.forgetPosition(behind: end)
  }

  @inline(never)
  private mutating func setTemplateType(_ type: String) {
    let text = text { $0.append(type) }
    template.setType(type, text, arenaEnd: arena.count)
  }

  @inline(never)
  private mutating func setTemplateTime(_ timestamp: Int64) {
    let text = text { $0.append(rfc3339: timestamp) }
    template.setTime(timestamp, text, arenaEnd: arena.count)
  }

  /// Writes a text that no header names yet.
  private mutating func text(_ body: (inout ByteWriter) -> Void) -> ByteRange {
    let offset = arena.count
    body(&arena)
    return ByteRange(offset: offset, count: arena.count - offset)
  }
}
