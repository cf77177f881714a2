import JSONFields

/// The values of one command or one state, and the memory their strings stand in.
///
/// Filled once by whoever takes it from a ``ValuePool``, and not changed while anybody else holds it.
final class ValueBox {
  /// Memory beyond this is given back when the box is used again.
  private static let bytesKept = 64 << 10

  enum Outcome {
    /// The box is the object's state as well.
    case state
    /// The object is forgotten.
    case forgotten
    /// The object stays as it is: more events of the command follow.
    case unchanged
  }

  /// The values by their index; strings are views into this box's own memory.
  let values: UnsafeMutablePointer<csj_value>
  private let valueCount: Int
  /// The command's or the status' index in the program.
  var index = 0
  /// The event that it stands for, among ``RulesProgram/eventTypes``; -1 for anything else.
  var eventType = -1
  /// Of an event: what becomes of the object.
  var outcome = Outcome.state
  /// How many bytes at the start of the memory are the command's payload.
  private(set) var payloadLength = 0
  private var memory: UnsafeMutableRawBufferPointer
  private var used = 0

  init(valueCount: Int) {
    self.valueCount = valueCount
    values = .allocate(capacity: max(valueCount, 1))
    values.initialize(repeating: csj_value(), count: max(valueCount, 1))
    memory = .allocate(byteCount: 512, alignment: 16)
  }

  deinit {
    values.deallocate()
    memory.deallocate()
  }

  /// The command's payload, byte for byte.
  var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<payloadLength])
  }

  /// How many bytes the strings among the values have.
  var stringBytes: Int { Self.stringBytes(values, count: valueCount) }

  /// Forgets what was in the box and copies the payload and the values of a command.
  func fill(index: Int, payload: UnsafeRawBufferPointer, from source: UnsafePointer<csj_value>) {
    self.index = index
    reserve(payload.count + Self.stringBytes(source, count: valueCount))
    copy(payload)
    payloadLength = payload.count
    for slot in 0..<valueCount { keep(source[slot], at: slot) }
  }

  /// Forgets what was in the box and copies the payload of an event, or what was written for it, and a state.
  func fill(
    event: Int, _ outcome: Outcome, status: Int, payload: UnsafeRawBufferPointer,
    from source: UnsafePointer<csj_value>
  ) {
    fill(index: status, payload: payload, from: source)
    eventType = event
    self.outcome = outcome
  }

  /// Forgets what was in the box and makes room for strings of so many bytes in all.
  func reset(index: Int, stringBytes: Int) {
    self.index = index
    payloadLength = 0
    reserve(stringBytes)
  }

  /// Sets a value; its string is copied.
  func keep(_ value: csj_value, at slot: Int) {
    values[slot] = value
    guard value.hasBytes else { return }
    values[slot].string = copy(UnsafeRawBufferPointer(start: value.string, count: Int(value.length)))
  }

  /// How many bytes the strings among these values have.
  static func stringBytes(_ values: UnsafePointer<csj_value>, count: Int) -> Int {
    var sum = 0
    for slot in 0..<count where values[slot].hasBytes { sum += Int(values[slot].length) }
    return sum
  }

  /// Makes room; moves the memory, so nothing may be in it yet.
  private func reserve(_ bytes: Int) {
    used = 0
    let isTooLarge = memory.count > Self.bytesKept && bytes <= Self.bytesKept
    guard bytes > memory.count || isTooLarge else { return }
    memory.deallocate()
    memory = .allocate(byteCount: max(512, bytes + bytes / 2), alignment: 16)
  }

  @discardableResult
  private func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
    precondition(used + bytes.count <= memory.count, "a box was not given room for its strings")
    let start = memory.baseAddress! + used
    if let source = bytes.baseAddress { start.copyMemory(from: source, byteCount: bytes.count) }
    used += bytes.count
    return UnsafePointer(start.assumingMemoryBound(to: UInt8.self))
  }
}

/// Boxes for reuse: taking one allocates nothing as long as fewer than ``size`` are held elsewhere.
///
/// A box that somebody still holds is never handed out again, so commands and states stay what they are for
/// as long as they live, however many there are.
struct ValuePool {
  static let size = 4

  private let valueCount: Int
  private var boxes: [ValueBox]
  private var next = 0

  init(valueCount: Int) {
    self.valueCount = valueCount
    boxes = (0..<Self.size).map { _ in ValueBox(valueCount: valueCount) }
  }

  mutating func take() -> ValueBox {
    for _ in 0..<Self.size {
      next = (next + 1) % Self.size
      if isKnownUniquelyReferenced(&boxes[next]) { return boxes[next] }
    }
    boxes[next] = ValueBox(valueCount: valueCount)
    return boxes[next]
  }
}
