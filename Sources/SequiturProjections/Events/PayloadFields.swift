import JSONFields

/// The places of a payload that a projection reads, and how they are found: one walk over each document.
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

  private let root = Place()
  private let names = NameTable([])
  private let reader = JSONReader()
  /// By path.
  private var slots: [[String]: Int] = [:]
  private var values: [EventValue] = []

  /// The number of a place that is to be read. A place has one, however often it is asked for.
  mutating func slot(_ path: [String]) -> Int {
    if let known = slots[path] { return known }
    var place = root
    for name in path {
      let bytes = Array(name.utf8)
      if let known = place.inner(bytes) {
        place = known
      } else {
        let made = Place()
        place.inner.append((bytes, made))
        place = made
      }
    }
    let slot = place.slot ?? values.count
    if place.slot == nil { values.append(.null) }
    place.slot = slot
    slots[path] = slot
    return slot
  }

  /// Reads a document. Without one, as when an event has no payload, all is missing.
  ///
  /// - Throws: a fault for what is no JSON object.
  mutating func read(_ payload: ArraySlice<UInt8>?) throws(ValueFault) {
    for index in values.indices { values[index] = .null }
    guard !values.isEmpty, let payload, !payload.isEmpty else { return }
    let code = payload.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: csj_value.self, capacity: 1) {
        reader.read(bytes, names, into: $0.baseAddress!)
      }
    }
    guard Int(code) == CSJ_OK else {
      throw ValueFault(message: "Expected a JSON object as payload, but \(JSONReader.message(code))")
    }
    payload.withUnsafeBytes { walk(object: $0, root) }
  }

  /// The value at a place; null where it is missing.
  func value(_ slot: Int) -> EventValue { values[slot] }

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
    if let slot = place.slot { values[slot] = Self.value(value) }
    guard !place.inner.isEmpty else { return }
    switch value.first {
    case UInt8(ascii: "{"): walk(object: value, place)
    case UInt8(ascii: "["): walk(list: value, place)
    default: break
    }
  }

  private mutating func forget(_ place: Place) {
    if let slot = place.slot { values[slot] = .null }
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
