import Glibc
import NIOCore

/// The last events of a feed, as the bytes that clients get: encoded once, and shared with every client that is being written to.
///
///     blocks:  [ 17 18 19 20 | 21 22 | 23 … ]      a number is an event's, counted since the beginning
///                ▲ first                ▲ end      the last block takes events until a client was given some of it
///
/// Bytes that were given away are never touched again, so that nothing is copied for a client; what it costs that few events
/// make a block is bounded, since small blocks become one. A struct without clock or lock.
struct EventRing {
  /// Blocks grow to so many bytes, unless one event has more, and to this part of a small ring.
  static let block = (bytesMax: 64 << 10, ofRing: 16)
  /// Blocks below this part of a block become one when there are so many of them at the end.
  static let small = (ofBlock: 16, count: 16)
  /// What an event costs beside its bytes, at most: its entry, its labels, and its share of a block.
  static let entryBytes = 128
  /// Events that a filter looks at before others have their turn.
  static let filteredAtOnce = 4096

  private struct Entry {
    /// Where it ends in its block.
    let end: Int
    let idBytes: Int
    let idHash: Int
    let labels: EventLabels?
  }

  private struct Block {
    let firstNumber: Int
    var buffer = ByteBuffer()
    var entries: [Entry] = []
    var labelBytes = 0
    /// Some of it is a client's: no more is added.
    var isShared = false

    var endNumber: Int { firstNumber + entries.count }
    var cost: Int { buffer.readableBytes + labelBytes + entries.count * EventRing.entryBytes }

    func start(_ index: Int) -> Int { index == 0 ? 0 : entries[index - 1].end }

    func slice(_ start: Int, _ end: Int) -> ByteBuffer {
      buffer.getSlice(at: start, length: end - start) ?? ByteBuffer()
    }
  }

  private let bytesMax: Int
  private let blockBytes: Int
  /// Those before `head` are gone; they leave the array now and then.
  private var blocks: [Block] = []
  private var head = 0
  private(set) var cost = 0
  /// The number of the next event.
  private(set) var endNumber = 0

  /// - Parameter bytesMax: of all events with what they cost beside.
  init(bytesMax: Int) {
    self.bytesMax = bytesMax
    blockBytes = min(Self.block.bytesMax, bytesMax / Self.block.ofRing)
  }

  /// The number of the oldest event.
  var firstNumber: Int { head < blocks.count ? blocks[head].firstNumber : endNumber }

  /// Adds an event; the oldest make room. It stays itself, however large it is.
  mutating func append(
    id: String, name: String?, data: some Sequence<UInt8>, isOneLine: Bool, labels: EventLabels?
  ) {
    if head == blocks.count || blocks[blocks.count - 1].isShared
      || blocks[blocks.count - 1].buffer.readableBytes >= blockBytes
    {
      merge()
      blocks.append(Block(firstNumber: endNumber))
    }
    let last = blocks.count - 1
    cost -= blocks[last].cost
    Self.encode(id: id, name: name, data: data, isOneLine: isOneLine, into: &blocks[last].buffer)
    blocks[last].entries.append(
      Entry(
        end: blocks[last].buffer.readableBytes, idBytes: id.utf8.count, idHash: id.hashValue, labels: labels))
    blocks[last].labelBytes += labels.map { $0.key.count + $0.type.utf8.count } ?? 0
    cost += blocks[last].cost
    endNumber += 1
    while cost > bytesMax, head < blocks.count - 1 { dropFirst() }
  }

  /// Forgets everything; numbers go on, with one that nobody has.
  mutating func removeAll() {
    blocks = []
    (head, cost) = (0, 0)
    endNumber += 1
  }

  private mutating func dropFirst() {
    cost -= blocks[head].cost
    blocks[head] = Block(firstNumber: blocks[head].firstNumber)
    head += 1
    guard head > 64, head > blocks.count / 2 else { return }
    blocks.removeFirst(head)
    head = 0
  }

  /// Makes one block of many small ones at the end.
  private mutating func merge() {
    var start = blocks.count
    while start > head, blocks[start - 1].buffer.readableBytes < blockBytes / Self.small.ofBlock {
      start -= 1
    }
    guard blocks.count - start >= Self.small.count else { return }
    var merged = Block(firstNumber: blocks[start].firstNumber)
    merged.buffer.reserveCapacity(blocks[start...].reduce(0) { $0 + $1.buffer.readableBytes })
    for block in blocks[start...] {
      let offset = merged.buffer.readableBytes
      merged.entries += block.entries.map {
        Entry(end: $0.end + offset, idBytes: $0.idBytes, idHash: $0.idHash, labels: $0.labels)
      }
      merged.labelBytes += block.labelBytes
      merged.buffer.writeImmutableBuffer(block.buffer)
    }
    blocks.replaceSubrange(start..., with: [merged])
  }

  // MARK: Reading

  /// The number of the event behind the newest one of this id; nil when there is none.
  func number(after id: String) -> Int? {
    let hash = id.hashValue
    for index in blocks[head...].indices.reversed() {
      let block = blocks[index]
      for entry in block.entries.indices.reversed()
      where block.entries[entry].idHash == hash && self.id(block, entry).elementsEqual(id.utf8) {
        return block.firstNumber + entry + 1
      }
    }
    return nil
  }

  /// The id of an event that is there.
  func id(of number: Int) -> String? {
    guard number >= firstNumber, number < endNumber else { return nil }
    let block = blocks[index(of: number)]
    return String(decoding: id(block, number - block.firstNumber), as: UTF8.self)
  }

  private func id(_ block: Block, _ entry: Int) -> ByteBufferView {
    block.buffer.viewBytes(
      at: block.start(entry) + Self.idField.count, length: block.entries[entry].idBytes)
      ?? ByteBufferView(ByteBuffer())
  }

  /// What a client gets next.
  struct Taken: Equatable {
    var buffers: [ByteBuffer] = []
    var bytes = 0
    /// Where it goes on.
    var next: Int
  }

  /// The events from a number on that pass, at most `bytesMax` bytes unless one alone has more; nil when the ring has lost some.
  mutating func take(from number: Int, _ filter: EventFilter, atMost bytesMax: Int) -> Taken? {
    guard number >= firstNumber, number <= endNumber else { return nil }
    var taken = Taken(next: number)
    guard number < endNumber else { return taken }
    var at = index(of: number)
    var looks = 0
    while at < blocks.count, taken.bytes < bytesMax, looks < Self.filteredAtOnce {
      let isLast = at == blocks.count - 1
      if isLast { blocks[at].isShared = true }
      let block = blocks[at]
      var entry = taken.next - block.firstNumber
      while entry < block.entries.count, looks < Self.filteredAtOnce {
        // One slice for events that stand together.
        let start = block.start(entry)
        var end = start
        while entry < block.entries.count, filter.passes(block.entries[entry].labels) {
          let next = block.entries[entry].end
          guard taken.bytes + next - start <= bytesMax || (taken.bytes == 0 && end == start) else { break }
          end = next
          entry += 1
          if !filter.isOpen { looks += 1 }
        }
        if end > start {
          taken.buffers.append(block.slice(start, end))
          taken.bytes += end - start
        }
        guard entry < block.entries.count else { break }
        guard !filter.passes(block.entries[entry].labels) else {
          taken.next = block.firstNumber + entry
          return taken
        }
        entry += 1
        looks += 1
      }
      taken.next = block.firstNumber + entry
      at += 1
    }
    return taken
  }

  /// The index of the block that has the event.
  private func index(of number: Int) -> Int {
    var (low, high) = (head, blocks.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if blocks[middle].firstNumber <= number { low = middle } else { high = middle - 1 }
    }
    return low
  }

  // MARK: Encoding

  private static let idField = Array("id: ".utf8)
  private static let dataField = Array("data: ".utf8)

  /// The lines of the format end with CR, LF or both (WHATWG HTML, 9.2.6); Unicode's other line ends are text.
  private static func encode(
    id: String, name: String?, data: some Sequence<UInt8>, isOneLine: Bool, into buffer: inout ByteBuffer
  ) {
    buffer.writeBytes(idField)
    buffer.writeString(id)
    if let name { buffer.writeString("\nevent: \(name)") }
    buffer.writeString("\n")
    buffer.writeBytes(dataField)
    if isOneLine {
      buffer.writeBytes(data)
    } else {
      var rest = Array(data)[...]
      while let end = lineEnd(in: rest) {
        buffer.writeBytes(rest[..<end])
        buffer.writeString("\ndata: ")
        rest = rest[(end + 1)...]
      }
      buffer.writeBytes(rest)
    }
    buffer.writeString("\n\n")
  }

  /// The first CR or LF.
  private static func lineEnd(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.withUnsafeBytes { all in
      guard let base = all.baseAddress else { return nil }
      let found = [10, 13].compactMap { memchr(base, $0, all.count) }.min()
      return found.map { bytes.startIndex + (UnsafeRawPointer($0) - base) }
    }
  }
}
