import Glibc

/// A one-dimensional array in the server's binary form, written value by value (`array_send` of its arrayfuncs.c).
///
/// For `unnest($1::bigint[])` with many values: the server copies them instead of parsing text. The statement must say the
/// array's type, as by a cast.
public struct PostgreSQLArray: Sendable, Hashable {
  /// The types that values can have; the raw value is the one of `pg_type.dat`.
  public enum Element: UInt32, Sendable, Hashable, CaseIterable {
    case boolean = 16
    /// `bytea`.
    case bytes = 17
    case bigint = 20
    case smallint = 21
    case integer = 23
    case text = 25

    /// The type of its arrays.
    var array: UInt32 {
      switch self {
      case .boolean: 1000
      case .bytes: 1001
      case .bigint: 1016
      case .smallint: 1005
      case .integer: 1007
      case .text: 1009
      }
    }

    /// The bytes of a number.
    fileprivate var width: Int {
      switch self {
      case .boolean, .bytes, .text: 1
      case .smallint: 2
      case .integer: 4
      case .bigint: 8
      }
    }
  }

  /// What its values are.
  public let element: Element
  /// How many there are, NULLs among them.
  public private(set) var count = 0
  private var hasNull = false
  /// Whether a text holds a NUL, which the server refuses.
  private(set) var hasNUL = false
  /// Each value with its length before it.
  private var values: [UInt8] = []

  /// - Parameter byteCount: room to reserve, values and four bytes for each one's length.
  public init(of element: Element, byteCount: Int = 0) {
    self.element = element
    values.reserveCapacity(byteCount)
  }

  /// Appends NULL.
  public mutating func appendNull() {
    hasNull = true
    count += 1
    write(Int32(-1))
  }

  /// Appends a text, in UTF-8, or bytes.
  public mutating func append(_ value: UnsafeRawBufferPointer) {
    precondition(element == .text || element == .bytes, "an array of \(element) takes no bytes")
    if element == .text, let start = value.baseAddress, memchr(start, 0, value.count) != nil { hasNUL = true }
    count += 1
    write(Int32(clamping: value.count))
    values.append(contentsOf: value)
  }

  /// Appends a whole number. It traps where that is beyond the type.
  public mutating func append(_ number: Int64) {
    count += 1
    write(Int32(element.width))
    switch element {
    case .bigint: write(number)
    case .integer: write(Int32(number))
    case .smallint: write(Int16(number))
    case .boolean, .bytes, .text: preconditionFailure("an array of \(element) takes no numbers")
    }
  }

  /// Appends a truth value.
  public mutating func append(_ value: Bool) {
    precondition(element == .boolean, "an array of \(element) takes no truth values")
    count += 1
    write(Int32(1))
    values.append(value ? 1 : 0)
  }

  /// The whole array.
  func write(to bytes: inout [UInt8]) {
    func append(_ value: Int) {
      withUnsafeBytes(of: Int32(truncatingIfNeeded: value).bigEndian) { bytes.append(contentsOf: $0) }
    }
    append(count == 0 ? 0 : 1)  // dimensions
    append(hasNull ? 1 : 0)  // whether there are NULLs
    append(Int(element.rawValue))
    guard count > 0 else { return }
    append(count)
    append(1)  // the first index
    bytes.append(contentsOf: values)
  }

  private mutating func write<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.bigEndian) { values.append(contentsOf: $0) }
  }
}
