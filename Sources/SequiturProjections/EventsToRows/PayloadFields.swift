import JSONFields

/// The places of a payload that a projection reads.
///
/// Members of the object itself come from the parser; what is inside of them, and objects and lists as they are written,
/// from a walk over the document, which is done where it is needed.
struct PayloadFields: ~Copyable {
  /// A place, and those inside of it.
  private final class Place {
    /// By the bytes of their names: there are few.
    var inner: [(name: [UInt8], place: Place)] = []
    var slot: Int?

    func inner(_ name: some Collection<UInt8>) -> Place? {
      for (known, place) in inner where known.count == name.count && known.elementsEqual(name) {
        return place
      }
      return nil
    }
  }

  /// Where the parser puts a member, and its number's text; -1 for what is inside of members.
  private struct Slot: BitwiseCopyable {
    var value = -1
    var text = -1
  }

  private let root = Place()
  private let reader = JSONReader()
  private var slots: [Slot] = []
  /// By path, whose names are told apart by their bytes.
  private var known: [[[UInt8]]: Int] = [:]
  /// Of the members, in the order of their first mention.
  private var members: [String] = []
  /// Made with the first document, when all places are known.
  private var names: NameTable?
  private var values: UnsafeMutableBufferPointer<csj_value> = .allocate(capacity: 0)
  /// The document that was read last; nil when all is missing.
  private var document: UnsafeRawBufferPointer?
  private var isWalked = false
  /// By slot, what the walk has found.
  private var found: [UnsafeRawBufferPointer?] = []

  deinit { values.deallocate() }

  /// The number of a place that is to be read. A place has one, however often it is asked for.
  mutating func slot(_ path: [String]) -> Int {
    precondition(names == nil, "places are named before documents are read")
    let key = path.map { Array($0.utf8) }
    if let slot = known[key] { return slot }
    var place = root
    for name in key {
      if let known = place.inner(name) {
        place = known
      } else {
        let made = Place()
        place.inner.append((name, made))
        place = made
      }
    }
    var slot = Slot()
    if path.count == 1 {
      slot.value = members.count
      members.append(path[0])
    }
    place.slot = slots.count
    slots.append(slot)
    found.append(nil)
    known[key] = slots.count - 1
    return slots.count - 1
  }

  private mutating func makeNames() -> NameTable {
    let made = NameTable(members)
    for index in slots.indices where slots[index].value >= 0 {
      slots[index].text = made.addText(slots[index].value)
    }
    values.deallocate()
    values = .allocate(capacity: max(1, made.valueCount))
    names = made
    return made
  }

  /// Reads a document, which must stay until the next one is read. Without one, as when an event has no payload, all is
  /// missing.
  ///
  /// - Throws: a fault for what is no JSON object.
  mutating func read(_ payload: UnsafeRawBufferPointer?) throws(ValueFault) {
    document = nil
    isWalked = false
    guard !slots.isEmpty, let payload, !payload.isEmpty else { return }
    let code = reader.read(payload, names ?? makeNames(), into: values.baseAddress!)
    guard Int(code) == CSJ_OK else {
      throw ValueFault(message: "Expected a JSON object as payload, but \(JSONReader.message(code))")
    }
    document = payload
  }

  /// A member of the object, as the parser has it; nil where it is an object or a list, or inside of a member.
  func scalar(_ slot: Int) -> csj_value? {
    let place = slots[slot].value
    guard place >= 0 else { return nil }
    guard document != nil else { return csj_value() }
    let value = values[place]
    return value.kind == CSJ_OBJECT || value.kind == CSJ_ARRAY ? nil : value
  }

  /// The value at a place; null where it is missing.
  mutating func value(_ slot: Int) -> EventValue {
    guard let document else { return .null }
    guard let scalar = scalar(slot) else {
      if !isWalked {
        for index in found.indices { found[index] = nil }
        walk(object: document, root)
        isWalked = true
      }
      return found[slot].map { Self.value($0) } ?? .null
    }
    switch scalar.kind {
    case CSJ_BOOLEAN: return .boolean(scalar.boolean)
    case CSJ_STRING: return .text(scalar.text)
    case CSJ_INTEGER, CSJ_NUMBER: return .number(values[slots[slot].text].text)
    default: return .null
    }
  }

  private mutating func walk(object: UnsafeRawBufferPointer, _ place: Place) {
    for member in JSONMembers(object) {
      let hasEscapes = member.name.contains(UInt8(ascii: "\\"))
      guard let inner = hasEscapes ? place.inner(Array(member.nameText.utf8)) : place.inner(member.name)
      else {
        continue
      }
      take(member.value, inner)
    }
  }

  private mutating func walk(list: UnsafeRawBufferPointer, _ place: Place) {
    for (index, element) in JSONElements(list).enumerated() {
      if let inner = place.inner(Array(String(index).utf8)) { take(element, inner) }
    }
  }

  /// Of a name that repeats the last one counts, with all that is inside of it.
  private mutating func take(_ value: UnsafeRawBufferPointer, _ place: Place) {
    forget(place)
    if let slot = place.slot { found[slot] = value }
    guard !place.inner.isEmpty else { return }
    switch value.first {
    case UInt8(ascii: "{"): walk(object: value, place)
    case UInt8(ascii: "["): walk(list: value, place)
    default: break
    }
  }

  private mutating func forget(_ place: Place) {
    if let slot = place.slot { found[slot] = nil }
    for (_, inner) in place.inner { forget(inner) }
  }

  private static func value(_ bytes: UnsafeRawBufferPointer) -> EventValue {
    switch bytes.first {
    case UInt8(ascii: "\""):
      return .text(JSONText.unescaped(UnsafeRawBufferPointer(rebasing: bytes.dropFirst().dropLast())))
    case UInt8(ascii: "t"): return .boolean(true)
    case UInt8(ascii: "f"): return .boolean(false)
    case UInt8(ascii: "n"), nil: return .null
    case UInt8(ascii: "{"), UInt8(ascii: "["): return .json(String(decoding: bytes, as: UTF8.self))
    default: return .number(String(decoding: bytes, as: UTF8.self))
    }
  }
}

extension csj_value {
  /// The bytes of a string, or of a number's text.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: string, count: Int(length)) }

  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The elements of a JSON list as the bytes they stand in. For documents that were validated.
private struct JSONElements: Sequence, IteratorProtocol {
  private let bytes: UnsafeRawBufferPointer
  private var index = 1

  init(_ list: UnsafeRawBufferPointer) { bytes = list }

  mutating func next() -> UnsafeRawBufferPointer? {
    while index < bytes.count, Self.isBetween(bytes[index]) { index += 1 }
    guard index < bytes.count, bytes[index] != UInt8(ascii: "]") else { return nil }
    let start = index
    var depth = 0
    while index < bytes.count {
      let byte = bytes[index]
      if depth == 0, index > start, byte == UInt8(ascii: "]") || Self.isBetween(byte) { break }
      switch byte {
      case UInt8(ascii: "\""): skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      index += 1
    }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<index])
  }

  /// To the closing quote of the string that opens here.
  private mutating func skipString() {
    index += 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
  }

  private static func isBetween(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }
}
